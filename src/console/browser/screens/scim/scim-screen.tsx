import { Select, Switch } from "@mantine/core";
import { useEffect, useMemo } from "react";
import { type Row, urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { RequestDrawer } from "./request-drawer.tsx";

type Logged = Row<"directories.scimRequests">;

/** What the identity provider of a directory sent, masked, newest first; followed live when asked. */
export function ScimScreen() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const { opened, open, close } = useOpened();
  const directories = useApi("directories.list", { query: { limit: 200 } });
  const names = (directories.data?.data ?? []).filter(({ kind }) => kind === "scim").map(({ name }) => name);
  const directory = get("directory") || (names[0] ?? "");
  const isLive = get("live") === "yes";
  const query = {
    ...(get("status") !== "" && { status: get("status") }),
    ...(get("warnings") === "true" && { warnings: true }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi(
    "directories.scimRequests",
    { params: { directory }, query },
    { enabled: directory !== "", keep: true, every: isLive ? 2_000 : false },
  );
  // The newest rows are on the first page alone.
  const cursor = get("cursor");
  useEffect(() => {
    if (isLive && cursor !== "") set({ cursor: null }, true);
  }, [isLive, cursor, set]);
  // The list is asked for again and again: what stands in it is drawn anew only where it changed.
  const columns = useMemo<Column<Logged>[]>(
    () => [
      { id: "request", header: t("scim.request"), cell: (one) => `${one.method} ${one.path}` },
      { id: "status", header: t("scim.status"), cell: (one) => <StatusOf status={one.status} /> },
      { id: "changes", header: t("scim.changes"), cell: (one) => changesOf(one) },
      { id: "warnings", header: t("scim.warnings"), cell: (one) => one.warnings.map(({ name }) => name).join(", ") },
      { id: "at", header: t("scim.at"), cell: (one) => <Instant at={one.at} /> },
      { id: "duration", header: t("scim.duration"), kind: "number", cell: (one) => `${Math.round(one.duration)} ms` },
      { id: "userAgent", header: t("scim.userAgent"), hidden: true, cell: (one) => one.userAgent ?? "–" },
      { id: "requestId", header: t("scim.requestId"), hidden: true, cell: (one) => one.requestId ?? "–" },
    ],
    [t],
  );
  return (
    <>
      <ScreenHead title={t("scim.title")}>
        <Switch
          label={t("scim.live")}
          checked={isLive}
          onChange={(event) => set({ live: event.currentTarget.checked ? "yes" : null })}
        />
      </ScreenHead>
      {directories.isSuccess && names.length === 0 ? (
        <EmptyState text={t("scim.noDirectory")} />
      ) : (
        <List
          caption={t("scim.title")}
          columns={columns}
          found={found}
          idOf={(one) => one.id}
          nameOf={(one) => `${one.method} ${one.path}`}
          onOpen={(one) => open(one.id)}
          narrowed={["status", "warnings"]}
          filters={
            <>
              <Select
                label={t("scim.directory")}
                data={names}
                value={directory === "" ? null : directory}
                allowDeselect={false}
                w={180}
                onChange={(value) => set({ directory: value, cursor: null, open: null })}
              />
              <ChoiceFilter
                name="status"
                label={t("scim.status")}
                choices={["2xx", "4xx", "5xx"].map((value) => ({ value, label: value }))}
              />
              <ChoiceFilter
                name="warnings"
                label={t("scim.warnings")}
                choices={[{ value: "true", label: t("scim.withWarnings") }]}
              />
            </>
          }
          tools={
            directory !== "" && (
              <CopyAs
                url={urlOf("directories.scimRequests", { params: { directory }, query })}
                command={`muster scim log ${directory}`}
              />
            )
          }
          empty={<EmptyState text={t("scim.empty")} />}
        />
      )}
      <RequestDrawer request={found.data?.data.find(({ id }) => id === opened)} onClose={close} />
    </>
  );
}

/** Whether a request was done, and with which status. */
function StatusOf({ status }: { status: number }) {
  return <Chip meaning={status < 400 ? "good" : status < 500 ? "attention" : "bad"} label={String(status)} />;
}

function changesOf({ changes }: Logged): string {
  return changes
    .map(({ kind, did, attributes, added, removed }) =>
      [kind, did, attributes?.join(", "), added ? `+${added}` : undefined, removed ? `−${removed}` : undefined]
        .filter(Boolean)
        .join(" "),
    )
    .join("; ");
}
