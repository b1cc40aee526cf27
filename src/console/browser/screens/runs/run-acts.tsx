import { Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useOpened } from "../../parts/address-state.ts";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { Instant } from "../../parts/instant.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** What can be done with a run: its plan approved or discarded with a reason, or what it did taken back. */
export function RunActs({ run }: { run: Answer<"runs.get"> }) {
  const { t } = useTexts();
  const act = useAct();
  const { open } = useOpened();
  const [reason, setReason] = useState("");
  const params = { id: run.id };
  const follow = async (asked: Promise<{ runId: string } | undefined>): Promise<void> => {
    const answer = await asked;
    if (answer) open(answer.runId);
  };
  if (run.state === "previewed" || run.state === "held")
    return (
      <Stack gap="sm">
        {run.approvableUntil === null ? (
          <Text>{t("runs.planIsOld")}</Text>
        ) : (
          <Text c="dimmed">
            {t("runs.approvableUntil")} <Instant at={run.approvableUntil} />
          </Text>
        )}
        <TextInput
          label={t("shared.reason")}
          required
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group gap="sm">
          {run.approvableUntil !== null && (
            <ActButton
              operation="runs.approve"
              disabled={reason.trim() === ""}
              onClick={() => void follow(act("runs.approve", { params, body: { reason } }, t("runs.approved")))}
            >
              {t("runs.approve")}
            </ActButton>
          )}
          <ActButton
            operation="runs.discard"
            variant="default"
            disabled={reason.trim() === ""}
            onClick={() => void act("runs.discard", { params, body: { reason } }, t("runs.discardedNow"))}
          >
            {t("runs.discard")}
          </ActButton>
          <CopyAs
            url={`/api/v1/runs/${run.id}/plan`}
            command={`muster sync ${run.approvableUntil === null ? "discard" : "approve"} ${run.id} --reason ${quoted(reason)}`}
          />
        </Group>
      </Stack>
    );
  if (run.appliedAt === null || run.rowsWritten === 0 || run.undoes !== null) return null;
  if (run.state === "running" || run.state === "undone") return null;
  return (
    <Group gap="sm">
      <ActButton
        operation="runs.undo"
        variant="default"
        onClick={() => void follow(act("runs.undo", { params }, t("runs.undoAsked")))}
      >
        {t("runs.undo")}
      </ActButton>
      <Text c="dimmed">{t("runs.undoHow")}</Text>
    </Group>
  );
}
