import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Asked, type Problem, type Trial, tryOut } from "../../api/call.ts";

export type InviteBody = Asked<"invitations.create">["body"];

/** What inviting would come to, asked again a moment after the last key. */
export function useTrial(body: InviteBody) {
  const [settled] = useDebouncedValue(JSON.stringify(body), 300);
  const asked = JSON.parse(settled) as InviteBody;
  const found = useQuery<Trial<"invitations.create">, Problem>({
    queryKey: ["invitations.create", "dryRun", settled],
    queryFn: ({ signal }) => tryOut("invitations.create", { body: asked }, { signal }),
    enabled: asked.emails.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const waiting = settled !== JSON.stringify(body) || found.isFetching;
  return asked.emails.length === 0
    ? { trial: undefined, error: null, waiting: false }
    : { trial: found.data, error: found.error, waiting };
}
