import { Button, Checkbox, Drawer, Group, List, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { LEAVINGS, type LeftBehind, type User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Consequence } from "../../parts/consequence.tsx";
import { PersonPicker } from "../../parts/person-picker.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

/** Somebody leaves: what hangs on them, who takes it over, and what becomes of them, all in one. */
export function OffBoard({ user, close }: { user: User; close: () => void }) {
  const { t, word } = useTexts();
  const act = useAct();
  const [to, setTo] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<(typeof LEAVINGS)[number]>("suspend");
  const [rights, setRights] = useState(false);
  const [reason, setReason] = useState("");
  const params = { id: user.id };
  const left = useApi("users.offBoarding", { params });
  const body = { leaving, rights, ...(to !== null && { to }) };
  const found = useTrial("users.offBoard", { params, body });
  const go = async (): Promise<void> => {
    const why = reason.trim() === "" ? {} : { reason: reason.trim() };
    const said = t("user.didOffBoard", { name: user.userName });
    if (await act("users.offBoard", { params, body: { ...body, ...why } }, said)) close();
  };
  return (
    <Drawer opened onClose={close} title={t("user.offBoard")} closeButtonProps={{ "aria-label": t("shared.close") }}>
      <Stack>
        {left.error && <ProblemNotice problem={left.error} />}
        {left.data ? <Left left={left.data} /> : <Skeleton height={80} />}
        <PersonPicker
          label={t("user.handOver")}
          description={t("user.handOverMeans")}
          value={to}
          onChange={setTo}
          without={user.id}
        />
        <Checkbox
          label={t("user.handOverRights")}
          checked={rights}
          disabled={to === null}
          onChange={(event) => setRights(event.currentTarget.checked)}
        />
        <Select
          label={t("user.leaving", { name: user.userName })}
          data={LEAVINGS.map((value) => ({ value, label: word("users", value) }))}
          value={leaving}
          allowDeselect={false}
          onChange={(value) => setLeaving(LEAVINGS.find((one) => one === value) ?? "suspend")}
        />
        <TextInput
          label={t("shared.reason")}
          description={t("shared.reasonHint")}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Consequence of={found} />
        <Text c="dimmed">{t("user.offBoardNoUndo")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("shared.cancel")}
          </Button>
          <ActButton operation="users.offBoard" disabled={found.problem !== null} onClick={() => void go()}>
            {t("user.offBoard")}
          </ActButton>
        </Group>
      </Stack>
    </Drawer>
  );
}

function Left({ left }: { left: LeftBehind }) {
  const { t } = useTexts();
  const lines = [
    ["guests", left.guests.total, left.guests.named.map((one) => `${one.userName} (${one.space})`)],
    ["rights", left.rights.total, left.rights.named.map((one) => one.bundle)],
    ["invitations", left.invitations.total, left.invitations.named.map((one) => one.email)],
    ["links", left.links.total, left.links.named.map((one) => one.label)],
    ["tokens", left.tokens.total, left.tokens.named.map((one) => one.name ?? "–")],
    ["webhooks", left.webhooks.total, left.webhooks.named.map((one) => one.name)],
    ["jobs", left.jobs.total, left.jobs.named.map((one) => one.action)],
  ] as const;
  const some = lines.filter(([, total]) => total > 0);
  if (some.length === 0) return <Text>{t("user.nothingLeft")}</Text>;
  return (
    <section aria-label={t("user.hangsOn")}>
      <Text fw={600}>{t("user.hangsOn")}</Text>
      <List size="sm">
        {some.map(([kind, total, names]) => (
          <List.Item key={kind}>
            {t(`user.left-${kind}`, { n: total })}: {names.slice(0, 5).join(", ")}
            {total > 5 && " …"}
          </List.Item>
        ))}
      </List>
    </section>
  );
}
