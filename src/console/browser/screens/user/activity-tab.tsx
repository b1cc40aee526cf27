import { Text } from "@mantine/core";
import { Link } from "react-router";
import { type Row, urlOf } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { useTexts } from "../../texts/texts.ts";

type AuditRow = Row<"audit.list">;

/** What was done to a person, the newest first. */
export function ActivityTab({ user }: { user: User }) {
  const { t } = useTexts();
  const { get } = useAddressState();
  const query = { subject: user.id, ...(get("cursor") !== "" && { cursor: get("cursor") }) };
  const found = useApi("audit.list", { query }, { keep: true });
  const columns: Column<AuditRow>[] = [
    { id: "at", header: t("user.when"), kind: "narrow", cell: (row) => <Instant at={row.at} /> },
    { id: "action", header: t("user.what"), cell: (row) => <Link to={`/audit?open=${row.id}`}>{row.action}</Link> },
    {
      id: "actor",
      header: t("user.who"),
      cell: (row) =>
        row.actor.kind === "account" && row.actor.id !== null ? (
          <Link to={`/users/${row.actor.id}`}>{t("user.person")}</Link>
        ) : (
          row.actor.kind
        ),
    },
    { id: "detail", header: t("user.detail"), cell: (row) => <Detail row={row} /> },
    { id: "requestId", header: t("user.request"), hidden: true, cell: (row) => row.requestId ?? "–" },
  ];
  return (
    <List
      caption={t("user.tab-activity")}
      columns={columns}
      found={found}
      idOf={(row) => String(row.id)}
      nameOf={(row) => row.action}
      tools={<CopyAs url={urlOf("audit.list", { query })} command={`muster audit list --subject ${user.id}`} />}
      empty={<EmptyState text={t("user.noActivity")} />}
    />
  );
}

function Detail({ row }: { row: AuditRow }) {
  const told = Object.entries(row.detail).filter(([, value]) => value !== null);
  return (
    <Text lineClamp={2} c="dimmed">
      {told.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ")}
    </Text>
  );
}
