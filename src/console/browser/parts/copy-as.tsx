import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconClipboard } from "@tabler/icons-react";
import { useTexts } from "../texts/texts.ts";

/** What is shown, as a command that shows it too: for a terminal or a script. @param url below the server's origin. @param command of `muster`, where there is one. */
export function CopyAs({ url, command }: { url: string; command?: string }) {
  const { t } = useTexts();
  const curl = `curl -H "Authorization: Bearer $MUSTER_TOKEN" ${quoted(`${location.origin}${url}`)}`;
  const copy = (text: string): void => {
    void navigator.clipboard.writeText(text).then(() => notifications.show({ message: t("shared.copied") }));
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconClipboard size={16} />}>
          {t("shared.copyAs")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => copy(curl)}>cURL</Menu.Item>
        {command !== undefined && <Menu.Item onClick={() => copy(command)}>muster</Menu.Item>}
        <Menu.Item onClick={() => copy(location.href)}>URL</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** One word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
