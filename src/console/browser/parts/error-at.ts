import type { Problem } from "../api/call.ts";

/** What the API says is wrong with a field, for the field to say; undefined where it says nothing of it. @param name the last part of the pointer. */
export function errorAt(problem: Problem | null | undefined, name: string): string | undefined {
  return problem?.document.errors?.find(({ pointer }) => pointer.split("/").at(-1) === name)?.message;
}
