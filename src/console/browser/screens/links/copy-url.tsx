import { Button, Group, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useTexts } from "../../texts/texts.ts";

/** A URL that is shown once, to be copied. */
export function CopyUrl({ url }: { url: string }) {
  const { t } = useTexts();
  return (
    <Group align="end" gap="sm">
      <TextInput label={t("links.url")} description={t("links.urlMeans")} readOnly value={url} flex={1} />
      <Button
        variant="default"
        onClick={() =>
          void navigator.clipboard.writeText(url).then(() =>
            notifications.show({
              message: t("shared.copied"),
              closeButtonProps: { "aria-label": t("shared.close") },
            }),
          )
        }
      >
        {t("links.copy")}
      </Button>
    </Group>
  );
}
