import type { Problem } from "../api/call.ts";

/** What the API says of one field, by its JSON pointer or one below it; null where it says nothing. */
export function faultAt(problem: Problem | null | undefined, pointer: string): string | null {
  const found = problem?.document.errors?.find(
    (one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`) || `/${one.pointer}` === pointer,
  );
  return found?.message ?? null;
}
