import { Button, Checkbox, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import type { Asked, Row } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

type Action = Asked<"users.bulk">["body"]["action"];

const ENDING = ["deactivate", "reactivate", "revoke-access", "remove"] as const;

/** What can be done to several people at once. Each is first told to how many; then it is a job that says what became of each. */
export function BulkBar({
  rows,
  filter,
  total,
  clear,
}: {
  rows: readonly Row<"users.list">[];
  filter: string;
  total: number;
  clear: () => void;
}) {
  const { t, word } = useTexts();
  const [action, setAction] = useState<Action>();
  const [everybody, setEverybody] = useState(false);
  const who = everybody
    ? { filter: filter === "" ? "userName pr" : filter }
    : { ids: rows.map((user) => user.id).sort() };
  return (
    <>
      {total > rows.length && (
        <Checkbox
          label={t("users.everybody", { n: total })}
          checked={everybody}
          onChange={(event) => setEverybody(event.currentTarget.checked)}
        />
      )}
      {(["suspend", "restore", "resend-invite"] as const).map((one) => (
        <ActButton key={one} operation="users.bulk" variant="default" onClick={() => setAction(one)}>
          {word("users", one)}
        </ActButton>
      ))}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} />}>
            {t("users.more")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {ENDING.map((one) => (
            <Menu.Item key={one} onClick={() => setAction(one)}>
              {word("users", one)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {action && <BulkAct action={action} who={who} close={() => setAction(undefined)} clear={clear} />}
    </>
  );
}

function BulkAct({
  action,
  who,
  close,
  clear,
}: {
  action: Action;
  who: { ids: string[] } | { filter: string };
  close: () => void;
  clear: () => void;
}) {
  const { t, word } = useTexts();
  const { set } = useAddressState();
  const [reason, setReason] = useState("");
  const found = useTrial("users.bulk", { body: { action, ...who } });
  const bulk = useChange("users.bulk");
  const count = found.trial?.result.job.counts.total;
  const names = (found.trial?.result.people ?? []).map((person) => person.userName);
  const begin = (): void =>
    bulk.mutate(
      { body: { action, ...who, ...(reason.trim() !== "" && { reason: reason.trim() }) } },
      {
        onSuccess: ({ job }) => {
          close();
          clear();
          set({ job: job.id });
        },
      },
    );
  return (
    <Modal
      opened
      onClose={close}
      title={word("users", action)}
      closeButtonProps={{ "aria-label": t("shared.close") }}
      size="lg"
    >
      <Stack>
        <Text>{word("users", `${action}Means`)}</Text>
        {found.problem && <ProblemNotice problem={found.problem} />}
        {count !== undefined && count !== null && (
          <Text>
            {t("users.bulkCount", { n: count })}
            {names.length > 0 && `: ${names.slice(0, 8).join(", ")}${names.length > 8 ? " …" : ""}`}
          </Text>
        )}
        {action !== "resend-invite" && (
          <TextInput
            label={t("shared.reason")}
            description={t("shared.reasonHint")}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {bulk.error && <ProblemNotice problem={bulk.error} />}
        <Button loading={bulk.isPending} disabled={found.trial === undefined} onClick={begin}>
          {t("users.bulkBegin", { action: word("users", action), n: count ?? 0 })}
        </Button>
      </Stack>
    </Modal>
  );
}
