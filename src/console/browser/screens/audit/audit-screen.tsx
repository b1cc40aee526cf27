import { Code, Drawer, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { type Row, urlOf } from "../../api/call.ts";
import { ACTOR_KINDS } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

const FILTERS = ["action", "actorKind", "subject", "since", "until"] as const;

/** Who changed what, and when. Nothing here can be changed. */
export function AuditScreen() {
  const { t } = useTexts();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened();
  const query = {
    ...Object.fromEntries(
      FILTERS.filter((name) => get(name) !== "").map((name) => [
        name,
        name === "since" || name === "until" ? `${get(name)}T00:00:00Z` : get(name),
      ]),
    ),
    ...(get("order") !== "" && { order: "oldest-first" as const }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("audit.list", { query }, { keep: true });
  const columns: Column<Row<"audit.list">>[] = [
    { id: "action", header: t("audit.action"), cell: (row) => row.action },
    { id: "at", header: t("audit.at"), cell: (row) => <Instant at={row.at} /> },
    { id: "actor", header: t("audit.actor"), cell: (row) => row.actor.kind },
    { id: "actorId", header: t("audit.actorId"), cell: (row) => row.actor.id, hidden: true },
    { id: "subject", header: t("audit.subject"), cell: (row) => row.subject.kind },
    { id: "detail", header: t("audit.detail"), cell: (row) => <Text truncate>{short(row.detail)}</Text> },
    { id: "requestId", header: t("audit.requestId"), cell: (row) => row.requestId, hidden: true },
  ];
  return (
    <>
      <ScreenHead title={t("audit.title")} />
      <List
        caption={t("audit.title")}
        columns={columns}
        found={found}
        idOf={(row) => String(row.id)}
        nameOf={(row) => row.action}
        onOpen={(row) => open(String(row.id))}
        narrowed={FILTERS}
        filters={
          <>
            <ActionFilter />
            <ChoiceFilter
              name="actorKind"
              label={t("audit.actor")}
              choices={ACTOR_KINDS.map((value) => ({ value, label: value }))}
            />
            <DayFilter name="since" label={t("audit.since")} />
            <DayFilter name="until" label={t("audit.until")} />
            <ChoiceFilter
              name="order"
              label={t("audit.order")}
              choices={[{ value: "oldest-first", label: t("audit.oldestFirst") }]}
            />
          </>
        }
        tools={
          <CopyAs
            url={urlOf("audit.list", { query })}
            command={`muster audit list${get("action") === "" ? "" : ` --action ${quoted(get("action"))}`}`}
          />
        }
        empty={<EmptyState text={t("audit.empty")} />}
      />
      <Drawer
        opened={opened !== ""}
        onClose={close}
        title={t("audit.title")}
        closeButtonProps={{ "aria-label": t("shared.close") }}
      >
        {opened !== "" && <Entry id={opened} />}
      </Drawer>
    </>
  );
}

function short(detail: object): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ")
    .slice(0, 120);
}

function Entry({ id }: { id: string }) {
  const { t } = useTexts();
  const { data, error } = useApi("audit.get", { params: { id } });
  if (error) return <ProblemNotice problem={error} />;
  if (!data) return null;
  return (
    <Stack>
      <Title order={2}>{data.action}</Title>
      <Text>
        <Instant at={data.at} />
      </Text>
      <Text>
        {t("audit.actor")}: {data.actor.kind} {data.actor.id}
      </Text>
      <Text>
        {t("audit.subject")}: {data.subject.kind} {data.subject.id}
      </Text>
      {data.requestId && <Text>{t("shared.requestId", { id: data.requestId })}</Text>}
      <Code block>{JSON.stringify(data.detail, null, 2)}</Code>
    </Stack>
  );
}

function ActionFilter() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const [typed, setTyped] = useState(get("action"));
  return (
    <TextInput
      data-search
      label={t("audit.action")}
      placeholder="account.suspended"
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => set({ action: typed, cursor: null })}
      onKeyDown={(event) => event.key === "Enter" && set({ action: typed, cursor: null })}
    />
  );
}

function DayFilter({ name, label }: { name: string; label: string }) {
  const { get, set } = useAddressState();
  return (
    <TextInput
      type="date"
      label={label}
      value={get(name)}
      onChange={(event) => set({ [name]: event.currentTarget.value, cursor: null })}
    />
  );
}
