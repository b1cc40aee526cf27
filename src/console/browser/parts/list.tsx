import { Button, Checkbox, Group, Menu, Skeleton, Text } from "@mantine/core";
import { IconColumns } from "@tabler/icons-react";
import { columnVisibilityFeature, rowSelectionFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Problem } from "../api/call.ts";
import { useTexts } from "../texts/texts.ts";
import { useAddressState } from "./address-state.ts";
import { EmptyState } from "./empty-state.tsx";
import { ListHeader } from "./list-header.tsx";
import { ListRow } from "./list-row.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { useRowKeys } from "./use-row-keys.ts";

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** The word behind `sort=` for the ascending order; `-` before it is the descending one. */
  sort?: string;
  /** Shown only when asked for. */
  hidden?: true;
  kind?: "number" | "narrow";
};

type Page<Row> = { data: readonly Row[]; page: { next: string | null } };

type Props<Row> = {
  /** What it is a list of: read to whoever cannot see it. */
  caption: string;
  columns: readonly Column<Row>[];
  found: { data: Page<Row> | undefined; error: Problem | null; isFetching: boolean; refetch: () => unknown };
  idOf: (row: Row) => string;
  /** What a row is called: in its link and its checkbox. */
  nameOf: (row: Row) => string;
  onOpen?: (row: Row) => void;
  /** Search, filters and their like, to the left above the table. */
  filters?: ReactNode;
  /** To the right above the table. */
  tools?: ReactNode;
  /** Actions on what is selected; without it nothing can be selected. */
  bulk?: (rows: readonly Row[], clear: () => void) => ReactNode;
  /** Whether something narrows the list: then an empty one offers to clear that. */
  narrowed?: readonly string[];
  /** What to do next where there is nothing at all. */
  empty: ReactNode;
};

const features = tableFeatures({ rowSelectionFeature, columnVisibilityFeature });

/**
 * A page of a list of the API. What it shows (filter, order, page, columns) stands in the address: `sort`, `cursor`, `columns` here, the
 * filters in the screens. Keys: `/` searches, `j` and `k` go down and up, `x` selects, Enter opens.
 */
export function List<Row>(props: Props<Row>) {
  const { caption, columns, found, idOf, onOpen, bulk, narrowed = [], empty } = props;
  const { t } = useTexts();
  const address = useAddressState();
  const [selection, setSelection] = useState<Record<string, boolean>>({});
  const rows = found.data?.data ?? [];
  const shown = address.get("columns");
  // The same arrays as long as the screen gives the same: a row, and the table's own work, is done anew when they change.
  const visible = useMemo(
    () => columns.filter(({ id, hidden }) => (shown === "" ? !hidden : shown.split(",").includes(id))),
    [columns, shown],
  );
  const isShown = (column: Column<Row>) => visible.includes(column);
  const known = useMemo(() => columns.map(({ id, header }) => ({ id, header })), [columns]);
  const table = useTable({
    features,
    data: rows as Row[] & object[],
    columns: known,
    getRowId: (row: unknown) => idOf(row as Row),
    state: {
      rowSelection: selection,
      columnVisibility: Object.fromEntries(columns.map((column) => [column.id, isShown(column)])),
    },
    onRowSelectionChange: setSelection,
  } as never);
  const chosen = rows.filter((row) => selection[idOf(row)]);
  const clear = (): void => setSelection({});
  // Of the screen's last drawing, without being another function for each: rows compare what they are given.
  const last = useRef(props);
  useEffect(() => {
    last.current = props;
  });
  const openRow = useCallback((row: Row) => last.current.onOpen?.(row), []);
  const nameOfRow = useCallback((row: Row) => last.current.nameOf(row), []);
  const toggle = useCallback((id: string) => setSelection((before) => ({ ...before, [id]: !before[id] })), []);
  const keys = useRowKeys({
    count: rows.length,
    open: (at) => rows[at] && onOpen?.(rows[at]),
    select: (at) => {
      const row = rows[at];
      if (row && bulk) toggle(idOf(row));
    },
  });
  const setColumns = (ids: readonly string[]): void => address.set({ columns: ids.join(",") });
  const isEmpty = found.data !== undefined && rows.length === 0;
  const filtered = narrowed.some((name) => address.get(name) !== "");
  return (
    <>
      <Group justify="space-between" mb="sm" align="flex-end">
        <Group gap="sm" align="flex-end">
          {props.filters}
        </Group>
        <Group gap="sm">
          <Menu closeOnItemClick={false} position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<IconColumns size={16} />}>
                {t("shared.columns")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {columns.map((column) => (
                <Menu.Item
                  key={column.id}
                  role="menuitemcheckbox"
                  aria-checked={isShown(column)}
                  leftSection={isShown(column) ? "✓" : " "}
                  onClick={() =>
                    setColumns(
                      columns
                        .filter((one) => (one.id === column.id ? !isShown(one) : isShown(one)))
                        .map((one) => one.id),
                    )
                  }
                >
                  {column.header}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          {props.tools}
        </Group>
      </Group>
      {bulk && chosen.length > 0 && (
        <Group mb="sm" gap="sm" role="toolbar" aria-label={t("shared.actions")}>
          <Text fw={600}>{t("shared.selected", { n: chosen.length })}</Text>
          {bulk(chosen, clear)}
          <Button variant="subtle" onClick={clear}>
            {t("shared.unselect")}
          </Button>
        </Group>
      )}
      {found.error ? (
        <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />
      ) : isEmpty ? (
        filtered ? (
          <EmptyState text={t("shared.noMatch")}>
            <Button
              variant="default"
              onClick={() => address.set(Object.fromEntries([...narrowed, "cursor"].map((name) => [name, null])))}
            >
              {t("shared.clearFilters")}
            </Button>
          </EmptyState>
        ) : (
          empty
        )
      ) : (
        <section className="table-scroll" tabIndex={0} aria-label={caption} ref={keys.ref}>
          <table className="table" aria-busy={found.isFetching}>
            <caption className="visually-hidden">{caption}</caption>
            <thead>
              <tr>
                {bulk && (
                  <th scope="col" className="narrow">
                    <Checkbox
                      aria-label={t("shared.selectAll")}
                      checked={rows.length > 0 && chosen.length === rows.length}
                      indeterminate={chosen.length > 0 && chosen.length < rows.length}
                      onChange={(event) =>
                        setSelection(
                          event.currentTarget.checked ? Object.fromEntries(rows.map((row) => [idOf(row), true])) : {},
                        )
                      }
                    />
                  </th>
                )}
                {visible.map((column) => (
                  <ListHeader key={column.id} column={column} />
                ))}
              </tr>
            </thead>
            <tbody>
              {found.data === undefined
                ? Array.from({ length: 8 }, (_, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: rows that stand for those that are on their way.
                    <tr key={at}>
                      <td colSpan={visible.length + (bulk ? 1 : 0)}>
                        <Skeleton height={16} my={6} />
                      </td>
                    </tr>
                  ))
                : table
                    .getRowModel()
                    .rows.map(({ id, original }, at) => (
                      <ListRow
                        key={id}
                        row={original as Row}
                        id={id}
                        at={at}
                        columns={visible}
                        nameOf={nameOfRow}
                        onOpen={onOpen && openRow}
                        isCurrent={keys.current === at}
                        isSelected={Boolean(selection[id])}
                        onSelect={bulk && toggle}
                      />
                    ))}
            </tbody>
          </table>
        </section>
      )}
      <Pager next={found.data?.page.next ?? null} shown={rows.length} isFetching={found.isFetching} />
    </>
  );
}

/** The cursors of the pages before stand in the history's entry: the way back is the browser's own too. */
function Pager({ next, shown, isFetching }: { next: string | null; shown: number; isFetching: boolean }) {
  const { t } = useTexts();
  const location = useLocation();
  const navigate = useNavigate();
  const before = ((location.state as { before?: string[] } | null)?.before ?? []) as readonly string[];
  const params = new URLSearchParams(location.search);
  const cursor = params.get("cursor");
  const go = (to: string | null, pages: readonly string[]): void => {
    if (to === null || to === "") params.delete("cursor");
    else params.set("cursor", to);
    void navigate({ search: params.toString() }, { state: { before: pages } });
  };
  return (
    <Group justify="space-between" mt="sm">
      <Text c="dimmed" aria-live="polite">
        {isFetching ? t("shared.loading") : t("shared.rowsShown", { n: shown })}
      </Text>
      <Group gap="sm">
        {cursor !== null && (
          <>
            <Button variant="default" onClick={() => go(null, [])}>
              {t("shared.first")}
            </Button>
            <Button variant="default" onClick={() => go(before.at(-1) ?? null, before.slice(0, -1))}>
              {t("shared.previous")}
            </Button>
          </>
        )}
        <Button
          variant="default"
          disabled={next === null}
          onClick={() => go(next, [...before, ...(cursor === null ? [""] : [cursor])])}
        >
          {t("shared.next")}
        </Button>
      </Group>
    </Group>
  );
}
