import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useApi } from "../api/use-api.ts";
import { inFilter } from "./address-state.ts";

/** One group by its name, sought on the server. */
export function GroupPicker({
  label,
  value,
  onPick,
  localOnly = false,
  chosen,
}: {
  label: string;
  value: string | null;
  onPick: (id: string | null) => void;
  localOnly?: boolean;
  /** The group that is picked already: it need not be among those that are found. */
  chosen?: { id: string; name: string };
}) {
  const [typed, setTyped] = useState("");
  const [sought] = useDebouncedValue(typed === chosen?.name ? "" : typed, 200);
  const filter = [
    ...(sought === "" ? [] : [`name co ${inFilter(sought)}`]),
    ...(localOnly ? ['directory eq "local"'] : []),
  ].join(" and ");
  const { data } = useApi("groups.list", { query: { limit: 20, ...(filter !== "" && { filter }) } }, { keep: true });
  const found = (data?.data ?? []).map(({ id, name, directory }) => ({
    value: id,
    label: directory === null ? name : `${directory}/${name}`,
  }));
  const all =
    chosen && !found.some((one) => one.value === chosen.id)
      ? [{ value: chosen.id, label: chosen.name }, ...found]
      : found;
  return (
    <Select
      label={label}
      searchable
      clearable
      data={all}
      value={value}
      filter={({ options }) => options}
      onSearchChange={setTyped}
      onChange={onPick}
    />
  );
}
