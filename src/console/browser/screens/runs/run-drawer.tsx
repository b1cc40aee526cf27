import { Alert, List, Skeleton, Stack, Text } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { Facts } from "../../parts/facts.tsx";
import { Instant } from "../../parts/instant.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";
import { RunActs } from "./run-acts.tsx";
import { RunChip } from "./run-chip.tsx";
import { RunConflicts } from "./run-conflicts.tsx";
import { RunPlan } from "./run-plan.tsx";
import { RunProgress } from "./run-progress.tsx";

const COUNTS = ["read", "added", "updated", "deactivated", "removed", "unchanged", "conflicts"] as const;

/** One run: how far it is while it goes on, what it would change or did, and what can be done with it. */
export function RunDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t, word } = useTexts();
  const found = useApi("runs.get", { params: { id } }, { enabled: id !== "", every: 1_000, keep: true });
  const run = found.data?.id === id ? found.data : undefined;
  return (
    <Side
      opened={id !== ""}
      onClose={onClose}
      title={run ? t("runs.one", { name: run.directory.name }) : t("runs.run")}
    >
      {run === undefined && found.error?.status === 404 ? (
        <Text role="status">{t("runs.waitsForWorker")}</Text>
      ) : run === undefined && found.error ? (
        <ProblemNotice problem={found.error} />
      ) : run === undefined ? (
        <Skeleton height={240} />
      ) : (
        <Stack gap="md">
          <RunProgress run={run} />
          {run.error !== null && <Alert color="red">{run.error}</Alert>}
          {run.verdict?.held && (
            <Alert color="yellow" title={t("runs.heldBecause")}>
              <List size="sm">
                {run.verdict.reasons.map(({ rule, detail }) => (
                  <List.Item key={rule}>{detail}</List.Item>
                ))}
              </List>
            </Alert>
          )}
          <Facts
            rows={[
              [t("runs.state"), <RunChip key="state" state={run.state} />],
              [t("runs.mode"), `${word("runs", `mode-${run.mode}`)}, ${word("runs", `trigger-${run.trigger}`)}`],
              [t("runs.startedAt"), <Instant key="started" at={run.startedAt} />],
              [t("runs.finishedAt"), <Instant key="finished" at={run.finishedAt} none={t("runs.notYet")} />],
              [t("runs.complete"), t(run.complete ? "shared.yes" : "runs.incomplete")],
              ...COUNTS.map((count) => [t(`runs.${count}`), String(run.counts[count])] as const),
              ...Object.entries(run.timings).map(
                ([phase, ms]) => [word("runs", `phase-${phase}`), t("runs.seconds", { n: (ms ?? 0) / 1_000 })] as const,
              ),
              ...(run.approvedBy === null
                ? []
                : [[t("runs.approvedBy"), `${run.approvedBy}: ${run.approvedReason ?? ""}`] as const]),
              ...(run.discardedBy === null
                ? []
                : [[t("runs.discardedBy"), `${run.discardedBy}: ${run.discardedReason ?? ""}`] as const]),
            ]}
          />
          <RunActs run={run} />
          {run.counts.conflicts > 0 && <RunConflicts id={run.id} />}
          <RunPlan key={run.id} id={run.id} state={run.state} />
        </Stack>
      )}
    </Side>
  );
}
