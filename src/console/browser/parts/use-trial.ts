import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Asked, type Operation, Problem, type Trial, tryOut } from "../api/call.ts";

/** What a change would do, as far as it is known. */
export type Trying<O extends Operation> = {
  trial: Trial<O> | undefined;
  problem: Problem | null;
  /** The answer to what is asked now is on its way. */
  busy: boolean;
};

type How = {
  /** False: not yet, something it needs is missing. */
  enabled?: boolean;
  /** Milliseconds after the last key; what was known stays until then. Without: at once. */
  settle?: number;
};

/** What a change would do, while it is being thought about. It is never asked twice for the same change by itself. */
export function useTrial<O extends Operation>(
  operation: O,
  asked: Asked<O>,
  { enabled = true, settle }: How = {},
): Trying<O> {
  const now = JSON.stringify([asked, enabled]);
  const [settled] = useDebouncedValue(now, settle ?? 0);
  const used = settle === undefined ? now : settled;
  const [wish, isWished] = JSON.parse(used) as [Asked<O>, boolean];
  const { data, error, isFetching } = useQuery<Trial<O>, Problem>({
    queryKey: ["trial", operation, wish],
    queryFn: ({ signal }) => tryOut(operation, wish, { signal }),
    enabled: isWished,
    gcTime: 0,
    staleTime: 0,
    refetchOnWindowFocus: false,
    ...(settle !== undefined && { placeholderData: keepPreviousData<Trial<O>>, retry: false }),
  });
  if (!isWished) return { trial: undefined, problem: null, busy: false };
  return { trial: data, problem: error, busy: used !== now || isFetching };
}

/** The same, looked at when it is asked for. Only the answer to the last question is shown. */
export function usePreview<O extends Operation>(operation: O) {
  const [seen, setSeen] = useState<Trying<O>>({ trial: undefined, problem: null, busy: false });
  const asking = useRef(0);
  const clear = (): void => {
    asking.current += 1;
    setSeen({ trial: undefined, problem: null, busy: false });
  };
  const look = async (asked: Asked<O>): Promise<void> => {
    asking.current += 1;
    const own = asking.current;
    setSeen((before) => ({ ...before, problem: null, busy: true }));
    const tell = (trial: Trial<O> | undefined, problem: Problem | null): void => {
      if (own === asking.current) setSeen({ trial, problem, busy: false });
    };
    try {
      tell(await tryOut(operation, asked), null);
    } catch (error) {
      tell(undefined, error instanceof Problem ? error : new Problem(0, { detail: String(error) }));
    }
  };
  return { ...seen, look, clear };
}
