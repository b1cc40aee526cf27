import { Tabs } from "@mantine/core";
import { useMemo } from "react";
import { type Row, urlOf } from "../../api/call.ts";
import { MAIL_STATES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { inFilter, useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";
import { SmtpNotice } from "../invite/smtp-notice.tsx";
import { MailChip } from "./mail-chip.tsx";
import { MailDrawer } from "./mail-drawer.tsx";
import { Suppressions } from "./suppressions.tsx";

type Mail = Row<"mails.list">;

/** What each tab shows beside the addresses that get no mail. */
const TABS = {
  all: "",
  queue: 'state eq "queued" or state eq "sending" or state eq "deferred"',
  failed: 'state eq "failed" or state eq "bounced" or state eq "suppressed"',
} as const;

/** What was sent, what waits, what failed, and who gets nothing. */
export function MailScreen() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const tab = ["queue", "failed", "suppressed"].find((one) => one === get("tab")) ?? "all";
  return (
    <>
      <ScreenHead title={t("mail.title")} />
      <SmtpNotice />
      <Tabs
        value={tab}
        onChange={(to) => set({ tab: to === "all" ? null : to, cursor: null, state: null })}
        keepMounted={false}
        my="md"
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="all">{t("mail.all")}</Tabs.Tab>
          <Tabs.Tab value="queue">{t("mail.queue")}</Tabs.Tab>
          <Tabs.Tab value="failed">{t("mail.failedTab")}</Tabs.Tab>
          <Tabs.Tab value="suppressed">{t("mail.suppressedTab")}</Tabs.Tab>
        </Tabs.List>
        {(["all", "queue", "failed"] as const).map((one) => (
          <Tabs.Panel key={one} value={one}>
            <Mails within={TABS[one]} />
          </Tabs.Panel>
        ))}
        <Tabs.Panel value="suppressed">
          <Suppressions />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Mails({ within }: { within: string }) {
  const { t, word } = useTexts();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened();
  const filter = [
    ...(within === "" ? [] : [`(${within})`]),
    ...(get("state") === "" ? [] : [`state eq ${inFilter(get("state"))}`]),
    ...(get("q") === "" ? [] : [`recipient co ${inFilter(get("q"))}`]),
  ].join(" and ");
  const query = {
    ...(filter !== "" && { filter }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("mails.list", { query }, { keep: true, every: 15_000 });
  // The list is asked for again and again: what stands in it is drawn anew only where it changed.
  const columns = useMemo<Column<Mail>[]>(
    () => [
      { id: "recipient", header: t("mail.to"), cell: ({ recipient }) => recipient },
      { id: "kind", header: t("mail.kind"), cell: ({ kind }) => word("templates", kind) },
      { id: "state", header: t("mail.state"), cell: ({ state }) => <MailChip state={state} /> },
      { id: "attempts", header: t("mail.attempts"), cell: ({ attempts }) => attempts, kind: "number" },
      { id: "next", header: t("mail.nextTry"), cell: ({ nextAttemptAt }) => <Instant at={nextAttemptAt} none="–" /> },
      { id: "reply", header: t("mail.reply"), cell: ({ lastReply }) => lastReply ?? "–" },
      { id: "created", header: t("mail.created"), cell: ({ createdAt }) => <Instant at={createdAt} /> },
      { id: "sent", header: t("mail.sentAt"), hidden: true, cell: ({ sentAt }) => <Instant at={sentAt} none="–" /> },
    ],
    [t, word],
  );
  return (
    <>
      <List
        caption={t("mail.title")}
        columns={columns}
        found={found}
        idOf={({ id }) => id}
        nameOf={({ recipient }) => recipient}
        onOpen={({ id }) => open(id)}
        narrowed={["q", "state"]}
        filters={
          <>
            <SearchField />
            <ChoiceFilter
              name="state"
              label={t("mail.state")}
              choices={MAIL_STATES.map((value) => ({ value, label: word("mail", value) }))}
            />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("mails.list", { query })}
            command={`muster mail list${filter === "" ? "" : ` --filter ${quoted(filter)}`}`}
          />
        }
        empty={<EmptyState text={t("mail.empty")} />}
      />
      <MailDrawer id={opened} onClose={close} />
    </>
  );
}
