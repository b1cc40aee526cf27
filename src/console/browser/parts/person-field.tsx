import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useApi } from "../api/use-api.ts";
import { inFilter } from "./address-state.ts";

/** Somebody of the organization, found by the first letters of user name or address. The value is the account's id. */
export function PersonField({
  label,
  value,
  onChange,
  error,
}: {
  label: string;
  value: string | null;
  onChange: (id: string | null) => void;
  error?: string;
}) {
  const [typed, setTyped] = useState("");
  const [sought] = useDebouncedValue(typed, 200);
  const filter = `(userName sw ${inFilter(sought)} or email sw ${inFilter(sought)})`;
  const { data } = useApi("users.list", { query: { limit: 20, ...(sought !== "" && { filter }) } }, { keep: true });
  const known = (data?.data ?? []).map((user) => ({
    value: user.id,
    label: user.email && user.email !== user.userName ? `${user.userName} (${user.email})` : user.userName,
  }));
  return (
    <Select
      label={label}
      searchable
      data={known}
      filter={({ options }) => options}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value}
      onChange={onChange}
      error={error}
      required
    />
  );
}
