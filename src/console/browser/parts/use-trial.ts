import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Asked, type Operation, type Problem, type Trial, tryOut } from "../api/call.ts";

/** What a change would do, while it is being thought about. It is never asked twice for the same change by itself. */
export function useTrial<O extends Operation>(
  operation: O,
  asked: Asked<O>,
  enabled = true,
): Pick<UseQueryResult<Trial<O>, Problem>, "data" | "error" | "isFetching" | "refetch"> {
  return useQuery<Trial<O>, Problem>({
    queryKey: ["trial", operation, asked],
    queryFn: () => tryOut(operation, asked),
    enabled,
    gcTime: 0,
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
}
