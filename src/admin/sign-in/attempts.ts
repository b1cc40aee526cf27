import type { Context } from "../../context.ts";
import type { Database } from "../../db/connection.ts";
import { FailedAttempts } from "../../http/failed-attempts.ts";

const attempts = new WeakMap<Database, FailedAttempts>();

/** How often each address has come to this process with what nobody has: tokens, sessions, passwords. */
export function attemptsOf({ db }: Context): FailedAttempts {
  const known = attempts.get(db) ?? new FailedAttempts();
  attempts.set(db, known);
  return known;
}
