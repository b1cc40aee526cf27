import { Button, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { shown } from "./paths.ts";

type Name = Row<"presets.list">["name"];

/** Ways of working. What one would change is shown against what is now before it is applied. */
export function Presets() {
  const { t, word } = useTexts();
  const act = useAct();
  const found = useApi("presets.list", {});
  const preview = usePreview("presets.apply");
  const [chosen, setChosen] = useState<Name | null>(null);
  const compare = (name: Name): void => {
    setChosen(name);
    void preview.look({ body: { name } });
  };
  const apply = async (name: Name): Promise<void> => {
    await act("presets.apply", { body: { name } }, t("settings.applied", { name }));
    setChosen(null);
    preview.clear();
  };
  const result = preview.trial?.result;
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing="md">
        {(found.data?.data ?? []).map(({ name, summary }) => (
          <Card key={name} withBorder>
            <Stack gap="sm" justify="space-between" h="100%">
              <Title order={2} size="h3">
                {name}
              </Title>
              <Text c="dimmed">{summary}</Text>
              <Button variant="default" aria-pressed={chosen === name} onClick={() => compare(name)}>
                {t("settings.compare", { name })}
              </Button>
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {chosen !== null && preview.busy && <Skeleton height={120} />}
      {chosen !== null && result && !preview.busy && (
        <Stack gap="sm" role="region" aria-label={t("settings.difference", { name: chosen })}>
          <Title order={2}>{t("settings.difference", { name: chosen })}</Title>
          {result.changes.length === 0 ? (
            <Text>{t("settings.same")}</Text>
          ) : (
            <PlainTable
              caption={t("settings.tab-every")}
              heads={[t("settings.setting"), t("settings.now"), t("settings.would")]}
            >
              {result.changes.map(({ product, name, before, after }) => (
                <tr key={`${product ?? ""} ${name}`}>
                  <td>
                    {product === null ? "" : `${product}: `}
                    {word("settings", name)}
                  </td>
                  <td>{shown(before)}</td>
                  <td>{shown(after)}</td>
                </tr>
              ))}
            </PlainTable>
          )}
          {result.keptBy.length > 0 && <Text>{t("settings.keptBy", { names: result.keptBy.join(", ") })}</Text>}
          <Group gap="sm">
            <ActButton operation="presets.apply" onClick={() => void apply(chosen)}>
              {t("settings.apply", { name: chosen })}
            </ActButton>
          </Group>
        </Stack>
      )}
    </Stack>
  );
}
