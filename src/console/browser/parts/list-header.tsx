import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import { useTexts } from "../texts/texts.ts";
import { useAddressState } from "./address-state.ts";

/** A column's head; where the API can sort by it, a button that does. */
export function ListHeader({ column }: { column: { id: string; header: string; sort?: string; kind?: string } }) {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const { header, sort, kind } = column;
  if (sort === undefined)
    return (
      <th scope="col" className={kind}>
        {header}
      </th>
    );
  const now = get("sort") === sort ? "ascending" : get("sort") === `-${sort}` ? "descending" : "none";
  const Icon = now === "none" ? IconArrowsSort : now === "ascending" ? IconArrowUp : IconArrowDown;
  const label =
    now === "ascending" ? t("shared.sortDescending", { name: header }) : t("shared.sortAscending", { name: header });
  return (
    <th scope="col" aria-sort={now} className={kind}>
      <UnstyledButton
        fw={600}
        fz="sm"
        mih={24}
        title={label}
        onClick={() => set({ sort: now === "ascending" ? `-${sort}` : sort, cursor: null })}
      >
        {header} <Icon size={14} aria-hidden style={{ verticalAlign: "-2px" }} />
      </UnstyledButton>
    </th>
  );
}
