import { Alert, Group, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Instant } from "../../parts/instant.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** How many people the provider may take out within an hour, and the way to let it take out more for a while. */
export function Removals({ name }: { name: string }) {
  const { t } = useTexts();
  const act = useAct();
  const [hours, setHours] = useState(1);
  const [reason, setReason] = useState("");
  const found = useApi("directories.removals", { params: { directory: name } });
  if (found.error) return <ProblemNotice problem={found.error} />;
  const { data } = found;
  const release = (): void =>
    void act(
      "directories.release",
      { params: { directory: name }, body: { seconds: Math.round(hours * 3_600), reason } },
      t("directories.released"),
    );
  return (
    <Stack gap="md">
      <Text c="dimmed">{t("directories.removalsHow")}</Text>
      {data?.heldAt && (
        <Alert color="red">
          {t("directories.heldAt")} <Instant at={data.heldAt} />
        </Alert>
      )}
      {data ? (
        <Facts
          rows={[
            [t("directories.lost"), t("directories.lostOf", { lost: data.lost, budget: data.budget })],
            [t("directories.budgetBase"), String(data.base)],
            [t("directories.releasedUntil"), <Instant key="until" at={data.releasedUntil} none={t("shared.none")} />],
          ]}
        />
      ) : (
        data === null && <Text>{t("directories.noRemovals")}</Text>
      )}
      <Group align="flex-end" gap="sm">
        <NumberInput
          label={t("directories.hours")}
          min={0.25}
          max={24}
          step={1}
          w={128}
          value={hours}
          onChange={(value) => setHours(Number(value))}
        />
        <TextInput
          label={t("shared.reason")}
          flex={1}
          miw={200}
          required
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <ActButton operation="directories.release" onClick={release}>
          {t("directories.release")}
        </ActButton>
      </Group>
    </Stack>
  );
}
