import { useSearchParams } from "react-router";

/** State that stands in the address, so that it can be sent to somebody, kept, and gone back to. An empty text is left out. */
export function useAddressState() {
  const [params, setParams] = useSearchParams();
  return {
    get: (name: string): string => params.get(name) ?? "",
    /** @param replace the entry of the history, for what is typed letter by letter. */
    set: (changes: Record<string, string | null>, replace = false): void => {
      // The address as it is now, not as it was drawn: two changes of one step are both kept.
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes))
        if (value === null || value === "") next.delete(name);
        else next.set(name, value);
      setParams(next, { replace });
    },
  };
}

/** What a drawer shows: the id behind `open=` in the address. */
export function useOpened(name = "open") {
  const { get, set } = useAddressState();
  return { opened: get(name), open: (id: string) => set({ [name]: id }), close: () => set({ [name]: null }) };
}

/** A text as it stands between quotes in a filter (RFC 7644 §3.4.2.2). */
export function inFilter(text: string): string {
  return JSON.stringify(text);
}
