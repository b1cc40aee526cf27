import type { QueryClient } from "@tanstack/react-query";
import type { Answer, Operation } from "./call.ts";

/** What can give or take what somebody may do: rights, the settings that bear on them or stand in the way, and what rights are for. */
const ALTERING: readonly string[] = ["rights", "settings", "presets", "directories", "runs"];
const ALTERING_TOO: readonly Operation[] = ["signUpDomains.set", "groups.delete", "users.bulk", "users.merge"];

/** Whether a change can alter what the person at the console may do. What is done to one person does so when it is themselves. */
function altersRights(operation: Operation, asked: object, self: string | undefined): boolean {
  const [noun = ""] = operation.split(".");
  if (ALTERING.includes(noun) || ALTERING_TOO.includes(operation)) return true;
  const { params } = asked as { params?: { id?: string } };
  return noun === "users" && params?.id === self && self !== undefined;
}

/**
 * Whatever is shown is asked for anew after a change, because a change of access is seen in many places. What the person may do, an answer on
 * every operation there is, only after one that can alter it.
 */
export function askAnewAfter(queries: QueryClient, operation: Operation, asked: object): Promise<void> {
  const me = queries.getQueryData<Answer<"me.get">>(["me.get", {}]);
  const all = altersRights(operation, asked, me?.user?.id);
  return queries.invalidateQueries({ predicate: ({ queryKey }) => all || queryKey[0] !== "me.capabilities" });
}
