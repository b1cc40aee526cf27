import { keepPreviousData, type UseMutationResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { askAnewAfter } from "./after-change.ts";
import { type Answer, type Asked, ask, call, type Operation, type Problem } from "./call.ts";

type Reading = {
  /** False: not yet, something it needs is missing. */
  enabled?: boolean;
  /** Milliseconds after which it is asked again, for what changes by itself; false: never. */
  every?: number | false;
  /** The answer before this one stays until this one is here. */
  keep?: boolean;
};

/** What is known of an answer so far. */
export type Found<A> = {
  data: A | undefined;
  error: Problem | null;
  isSuccess: boolean;
  isError: boolean;
  isFetching: boolean;
  refetch(): Promise<unknown>;
};

/** What an operation that reads answers. */
export function useApi<O extends Operation>(
  operation: O,
  asked: Asked<O>,
  { enabled = true, every = false, keep = false }: Reading = {},
): Found<Answer<O>> {
  const found: unknown = useQuery<unknown, Problem>({
    queryKey: [operation, asked as unknown],
    queryFn: ({ signal }) => ask(operation, asked as unknown as object, { signal }),
    enabled,
    refetchInterval: every,
    ...(keep && { placeholderData: keepPreviousData }),
  });
  return found as Found<Answer<O>>;
}

/** A change, and what is shown asked for anew after it. A request that is sent twice by a network is done once. */
export function useChange<O extends Operation>(operation: O): UseMutationResult<Answer<O>, Problem, Asked<O>> {
  const queries = useQueryClient();
  return useMutation<Answer<O>, Problem, Asked<O>>({
    mutationFn: (asked) => call(operation, asked, { idempotencyKey: crypto.randomUUID() }),
    onSettled: (_answer, _problem, asked) => askAnewAfter(queries, operation, asked),
  });
}
