import pg from "pg";
import { MusterError } from "../errors.ts";

/** PostgreSQL's refusals of a connection that a setting is to blame for, not the server's state. */
const REFUSALS: Record<string, string> = {
  "28P01": "refuses the login or its password",
  "28000": "refuses the login",
  "3D000": "has no such database",
};

/** Why the database that the settings name cannot be opened, in one line and without its password. */
export function unreachableDatabase(url: string, error: MusterError): MusterError {
  const cause = error.cause;
  const where = nameOf(url);
  if (cause instanceof pg.DatabaseError && cause.code && REFUSALS[cause.code])
    return new MusterError("configuration", `PostgreSQL at ${where} ${REFUSALS[cause.code]}`, {
      at: "DATABASE_URL",
      cause,
    });
  return new MusterError("unavailable", `the database at ${where} cannot be reached: ${reasonOf(cause)}`, {
    at: "DATABASE_URL",
    cause,
  });
}

function nameOf(url: string): string {
  try {
    const { hostname, port, pathname, searchParams, username } = new URL(url);
    return `${searchParams.get("host") ?? hostname}:${port || "5432"}${pathname} (login ${decodeURIComponent(username)})`;
  } catch {
    return "the given address";
  }
}

/** An AggregateError (one attempt per address of a name) has no message of its own. */
function reasonOf(cause: unknown): string {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? (first.message.split("\n")[0] ?? first.name) : "no reason given";
}
