import { Alert, Button, CopyButton, Group, TextInput } from "@mantine/core";
import { IconCheck, IconClipboard, IconKey } from "@tabler/icons-react";
import { useTexts } from "../../texts/texts.ts";

/** What an identity provider is given: where it sends to, and the token, which is shown once. */
export function NewToken({ baseUrl, token }: { baseUrl: string | null; token: string }) {
  const { t } = useTexts();
  return (
    <>
      {baseUrl !== null && <CopyField label={t("directories.baseUrl")} value={baseUrl} />}
      <CopyField label={t("directories.token")} value={token} />
      <Alert color="accent" icon={<IconKey size={20} />}>
        {t("shared.shownOnce")}
      </Alert>
    </>
  );
}

function CopyField({ label, value }: { label: string; value: string }) {
  const { t } = useTexts();
  return (
    <Group gap="sm" align="flex-end" wrap="nowrap">
      <TextInput label={label} value={value} readOnly flex={1} />
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            leftSection={copied ? <IconCheck size={16} /> : <IconClipboard size={16} />}
            onClick={copy}
            aria-label={`${t("shared.copy")}: ${label}`}
          >
            {copied ? t("shared.copied") : t("shared.copy")}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
