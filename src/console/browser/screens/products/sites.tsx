import { Button, Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The installations that the products stand on. */
export function Sites({ sites }: { sites: readonly Row<"sites.list">[] }) {
  const { t } = useTexts();
  const act = useAct();
  const [edited, setEdited] = useState<{ key: string; name: string; before: string } | null>(null);
  const [key, setKey] = useState("");
  const rename = async (): Promise<void> => {
    if (edited === null) return;
    const params = { key: edited.key };
    await act("sites.update", { params, body: { name: edited.name } }, t("products.siteRenamed"), () =>
      call("sites.update", { params, body: { name: edited.before } }),
    );
    setEdited(null);
  };
  return (
    <Card withBorder mt="lg">
      <Stack gap="sm">
        <Title order={2}>{t("products.sites")}</Title>
        {sites.map((site) =>
          edited?.key === site.key ? (
            <Group key={site.id} gap="sm" align="flex-end">
              <TextInput
                label={t("products.name")}
                value={edited.name}
                onChange={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
              />
              <ActButton operation="sites.update" onClick={() => void rename()}>
                {t("shared.save")}
              </ActButton>
              <Button variant="subtle" onClick={() => setEdited(null)}>
                {t("shared.cancel")}
              </Button>
            </Group>
          ) : (
            <Group key={site.id} gap="sm">
              <Text fw={500}>{site.name}</Text>
              <Text c="dimmed">{site.key}</Text>
              <ActButton
                operation="sites.update"
                variant="subtle"
                onClick={() => setEdited({ key: site.key, name: site.name, before: site.name })}
              >
                {t("products.renameSite", { name: site.name })}
              </ActButton>
            </Group>
          ),
        )}
        <Group gap="sm" align="flex-end">
          <TextInput
            label={t("products.newSite")}
            description={t("products.keyHow")}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <ActButton
            operation="sites.create"
            variant="default"
            disabled={key === ""}
            onClick={() => void act("sites.create", { body: { key } }, t("products.siteMade")).then(() => setKey(""))}
          >
            {t("shared.add")}
          </ActButton>
        </Group>
      </Stack>
    </Card>
  );
}
