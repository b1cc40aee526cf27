import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTexts } from "../texts/texts.ts";
import { useAddressState } from "./address-state.ts";

/** What is sought in a list, as `q` in the address. `/` goes to it. */
export function SearchField({ label }: { label?: string }) {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const kept = get("q");
  const [typed, setTyped] = useState(kept);
  const [seen, setSeen] = useState(kept);
  if (kept !== seen) {
    setSeen(kept);
    setTyped(kept);
  }
  const tell = useDebouncedCallback((text: string) => {
    setSeen(text);
    set({ q: text, cursor: null }, true);
  }, 250);
  return (
    <TextInput
      data-search
      type="search"
      aria-label={label ?? t("shared.search")}
      placeholder={label ?? t("shared.search")}
      leftSection={<IconSearch size={16} />}
      value={typed}
      w={240}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}
