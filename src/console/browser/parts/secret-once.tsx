import { Alert, Button, Code, CopyButton, Group, Stack } from "@mantine/core";
import { useTexts } from "../texts/texts.ts";

/** A secret that is shown now and never again. */
export function SecretOnce({ secret, label }: { secret: string; label: string }) {
  const { t } = useTexts();
  return (
    <Alert color="yellow" title={label} role="status">
      <Stack gap="sm">
        <Code block>{secret}</Code>
        <Group justify="flex-end">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t("shared.copied") : t("shared.copy")}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Stack>
    </Alert>
  );
}
