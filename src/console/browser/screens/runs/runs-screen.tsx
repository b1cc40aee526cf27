import { lazy, Suspense, useMemo } from "react";
import { type Row, urlOf } from "../../api/call.ts";
import { RUN_STATES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { RunChip } from "./run-chip.tsx";
import { RunDrawer } from "./run-drawer.tsx";

const RunHistory = lazy(async () => ({ default: (await import("./run-history.tsx")).RunHistory }));

/** What the pulled directories brought, run by run. */
export function RunsScreen() {
  const { t, word } = useTexts();
  const { get } = useAddressState();
  const { opened, open, close } = useOpened();
  const directories = useApi("directories.list", { query: { limit: 200 } });
  const state = RUN_STATES.find((one) => one === get("state"));
  const query = {
    ...(get("directory") !== "" && { directory: get("directory") }),
    ...(state !== undefined && { state }),
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("runs.list", { query }, { keep: true, every: 5_000 });
  // The list is asked for again and again: what stands in it is drawn anew only where it changed.
  const columns = useMemo<Column<Row<"runs.list">>[]>(
    () => [
      { id: "directory", header: t("runs.directory"), cell: (run) => run.directory.name },
      { id: "state", header: t("runs.state"), cell: (run) => <RunChip state={run.state} /> },
      { id: "mode", header: t("runs.mode"), cell: (run) => word("runs", `mode-${run.mode}`) },
      { id: "read", header: t("runs.read"), kind: "number", cell: (run) => run.counts.read },
      { id: "added", header: t("runs.added"), kind: "number", cell: (run) => run.counts.added },
      { id: "updated", header: t("runs.updated"), kind: "number", cell: (run) => run.counts.updated },
      { id: "deactivated", header: t("runs.deactivated"), kind: "number", cell: (run) => run.counts.deactivated },
      { id: "removed", header: t("runs.removed"), kind: "number", cell: (run) => run.counts.removed },
      { id: "conflicts", header: t("runs.conflicts"), kind: "number", cell: (run) => run.counts.conflicts },
      { id: "startedAt", header: t("runs.startedAt"), cell: (run) => <Instant at={run.startedAt} /> },
      { id: "trigger", header: t("runs.trigger"), hidden: true, cell: (run) => word("runs", `trigger-${run.trigger}`) },
      { id: "askedBy", header: t("runs.askedBy"), hidden: true, cell: (run) => run.askedBy ?? t("shared.unknown") },
    ],
    [t, word],
  );
  const rows = found.data?.data ?? [];
  return (
    <>
      <ScreenHead title={t("runs.title")} />
      {rows.some(({ counts }) => counts.added + counts.updated + counts.deactivated + counts.removed > 0) && (
        <Suspense fallback={null}>
          <RunHistory runs={rows} />
        </Suspense>
      )}
      <List
        caption={t("runs.title")}
        columns={columns}
        found={found}
        idOf={(run) => run.id}
        nameOf={(run) => `${run.directory.name} ${run.startedAt}`}
        onOpen={(run) => open(run.id)}
        narrowed={["directory", "state"]}
        filters={
          <>
            <ChoiceFilter
              name="directory"
              label={t("runs.directory")}
              choices={(directories.data?.data ?? [])
                .filter(({ kind }) => kind !== "internal" && kind !== "scim")
                .map(({ name }) => ({ value: name, label: name }))}
            />
            <ChoiceFilter
              name="state"
              label={t("runs.state")}
              choices={RUN_STATES.map((value) => ({ value, label: word("runs", value) }))}
            />
          </>
        }
        tools={<CopyAs url={urlOf("runs.list", { query })} command="muster sync runs" />}
        empty={<EmptyState text={t("runs.empty")} />}
      />
      <RunDrawer id={opened} onClose={close} />
    </>
  );
}
