import pg from "pg";
import { type ConnectionSettings, Database } from "../../src/db/connection.ts";

/** One side of a comparison of organizations: the column, or a parameter or variable that holds the caller's. */
const COLUMN = String.raw`(?:\w+\.)?organization`;
const OWN = new RegExp(String.raw`\b${COLUMN}\s*=\s*(\$1\b(?!\d)(?:::uuid)?|(?:\w+\.)?of_organization\b)`, "g");
const JOIN = new RegExp(String.raw`\b${COLUMN}\s*=\s*${COLUMN}\b(?!\s*\()`, "g");

/**
 * A statement without any condition on the organization: what it names by id is found whatever the organization,
 * as far as the statement goes.
 */
export function neutral(text: string): string {
  // The parameter stays, so that its type is known.
  return text
    .replaceAll(OWN, (_, own: string) => `(${own.replace(/::uuid$/, "")}::uuid is not null)`)
    .replaceAll(JOIN, "true");
}

/** What still names the organization in a condition. */
export function isConditioned(text: string): boolean {
  return new RegExp(OWN).test(text) || new RegExp(JOIN).test(text);
}

/** The same connections, but every statement goes out `neutral`. `sent` are the texts that went out. */
export function neutralDatabase(settings: ConnectionSettings): {
  db: Database;
  sent: Set<string>;
  rewritten: Set<string>;
} {
  const db = new Database(settings);
  const sent = new Set<string>();
  const rewritten = new Set<string>();
  const rewrite = (text: string) => {
    const without = neutral(text);
    sent.add(without);
    if (without !== text) rewritten.add(without);
    return without;
  };
  db.pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const asked = (first: unknown) =>
      typeof first === "string"
        ? rewrite(first)
        : { ...(first as pg.QueryConfig), text: rewrite((first as pg.QueryConfig).text) };
    client.query = ((first: unknown, ...rest: unknown[]) => query(asked(first), ...rest)) as typeof client.query;
  });
  return { db, sent, rewritten };
}

/** The same for the functions of the schema, in the database itself. Returns how many were changed. */
export async function neutralizeFunctions(superuserUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query("set search_path = muster, pg_temp");
    // Those that run with their owner's rights look by hash, before an organization is known.
    const { rows } = await client.query<{ text: string }>(
      `select pg_get_functiondef(p.oid) as text from pg_proc p
        where p.pronamespace = 'muster'::regnamespace and not p.prosecdef and p.prokind = 'f'`,
    );
    const changed = rows.filter(({ text }) => isConditioned(text));
    for (const { text } of changed) await client.query(neutral(text));
    return changed.length;
  } finally {
    await client.end();
  }
}
