import { Select } from "@mantine/core";
import { useAddressState } from "./address-state.ts";

/** One of several, or all: as `name` in the address. */
export function ChoiceFilter({
  name,
  label,
  choices,
}: {
  name: string;
  label: string;
  choices: readonly { value: string; label: string }[];
}) {
  const { get, set } = useAddressState();
  return (
    <Select
      label={label}
      placeholder="–"
      clearable
      searchable={choices.length > 8}
      data={choices}
      value={get(name) === "" ? null : get(name)}
      onChange={(value) => set({ [name]: value, cursor: null })}
      w={180}
    />
  );
}
