import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useApi } from "../api/use-api.ts";
import { inFilter } from "./address-state.ts";

/** One person, found by the first letters of user name, address or name. @param without the one who cannot be chosen. */
export function PersonPicker({
  label,
  description,
  value,
  onChange,
  without,
  required = false,
}: {
  label: string;
  description?: string;
  value: string | null;
  onChange: (id: string | null) => void;
  without?: string;
  required?: boolean;
}) {
  const [typed, setTyped] = useState("");
  const [sought] = useDebouncedValue(typed.trim(), 200);
  const q = inFilter(sought);
  const filter = `(userName co ${q} or email co ${q} or displayName co ${q})`;
  const found = useApi(
    "users.list",
    { query: { limit: 20, sort: "userName", ...(sought !== "" && { filter }) } },
    { keep: true },
  );
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const offered = (found.data?.data ?? [])
    .filter(({ id }) => id !== without)
    .map(({ id, userName, displayName }) => ({
      value: id,
      label: displayName === null ? userName : `${userName} (${displayName})`,
    }));
  const data = chosen && !offered.some((one) => one.value === chosen.value) ? [chosen, ...offered] : offered;
  return (
    <Select
      label={label}
      description={description}
      required={required}
      searchable
      clearable
      data={data}
      filter={({ options }) => options}
      value={value}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={(id, option) => {
        setChosen(option ?? undefined);
        onChange(id);
      }}
    />
  );
}
