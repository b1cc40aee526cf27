import { Checkbox } from "@mantine/core";
import { memo } from "react";
import { useTexts } from "../texts/texts.ts";
import type { Column } from "./list.tsx";

type Props<Row> = {
  row: Row;
  id: string;
  at: number;
  columns: readonly Column<Row>[];
  nameOf: (row: Row) => string;
  onOpen: ((row: Row) => void) | undefined;
  isCurrent: boolean;
  isSelected: boolean;
  /** Without it the row cannot be selected. */
  onSelect: ((id: string) => void) | undefined;
};

/** Drawn anew only when something of its own changes: going down a list by keys costs two rows, not all. */
export const ListRow = memo(DrawnRow) as typeof DrawnRow;

function DrawnRow<Row>({ row, id, at, columns, nameOf, onOpen, isCurrent, isSelected, onSelect }: Props<Row>) {
  const { t } = useTexts();
  return (
    <tr data-row={at} data-current={isCurrent} data-selected={isSelected}>
      {onSelect && (
        <td className="narrow">
          <Checkbox
            aria-label={t("shared.selectRow", { name: nameOf(row) })}
            checked={isSelected}
            onChange={() => onSelect(id)}
          />
        </td>
      )}
      {columns.map((column, place) => (
        <td key={column.id} className={column.kind}>
          {place === 0 && onOpen ? (
            <button type="button" className="row-link" onClick={() => onOpen(row)}>
              {column.cell(row)}
            </button>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}
