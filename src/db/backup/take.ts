import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, linkSync, statSync, unlinkSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip, type Gzip } from "node:zlib";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { MusterError } from "../../errors.ts";
import { connected } from "../connected.ts";
import type { ConnectionSettings } from "../connection.ts";
import { translateStorageError } from "../storage-error.ts";
import { FORM, type Header, type Purpose, type Trailer } from "./form.ts";
import { END_OF_TABLE, frame } from "./frames.ts";
import { copied, tablesOf } from "./tables.ts";

export type Taken = { takenAt: string; tables: number; rows: number; bytes: number };

/**
 * Writes everything that Muster holds, of all organizations, as it stood at one moment, while others go on working.
 * Before: the database is of this version; nothing is at `path`. After: `path` is a whole backup, readable by its owner
 * only, on disk; or there is nothing.
 * @param owner a login that is `muster_owner` or may become it.
 * @param secretKey what `markOfKey` says of the key that seals the secrets in it; the key itself is not in the backup.
 * @param told is called with the name of each table that begins.
 * @param purpose "upgrade": nobody else writes, and sessions are in it too.
 * @throws MusterError `conflict` when there is something at `path`; `unavailable`.
 */
export async function takeBackup(
  owner: ConnectionSettings,
  path: string,
  secretKey: string,
  told: (table: string) => void = () => {},
  purpose: Purpose = "restore",
): Promise<Taken> {
  if (statSync(path, { throwIfNoEntry: false })) throw occupied(path);
  const draft = `${path}.${process.pid}.partial`;
  try {
    const taken = await connected({ ...owner, role: "muster_owner", statementTimeout: 0 }, async (client) => {
      await client.query("begin isolation level repeatable read, read only");
      const gzip = createGzip({ level: 3 });
      const written = pipeline(gzip, createWriteStream(draft, { mode: 0o600, flags: "wx", flush: true }));
      const taking = write(client, gzip, secretKey, told, purpose);
      // Whichever fails ends the other.
      taking.catch((error: unknown) => gzip.destroy(error as Error));
      const [done] = await Promise.all([taking, written]);
      await client.query("commit");
      return done;
    });
    place(draft, path);
    return { ...taken, bytes: statSync(path).size };
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw (error as NodeJS.ErrnoException).syscall
      ? new MusterError("unavailable", `the backup cannot be written: ${(error as Error).message}`, {
          at: "file",
          cause: error,
        })
      : translateStorageError(error);
  } finally {
    if (statSync(draft, { throwIfNoEntry: false })) unlinkSync(draft);
  }
}

async function write(
  client: pg.Client,
  gzip: Gzip,
  secretKey: string,
  told: (table: string) => void,
  purpose: Purpose,
): Promise<Omit<Taken, "bytes">> {
  const put = async (bytes: Buffer): Promise<void> => {
    if (!gzip.write(bytes)) await once(gzip, "drain");
  };
  const tables = await tablesOf(client, purpose);
  const header: Header = { muster: "backup", form: FORM, ...(await circumstances(client)), secretKey, tables };
  await put(frame(Buffer.from(JSON.stringify(header))));
  const done: Trailer["tables"] = [];
  for (const table of tables) {
    told(table.name);
    const hash = createHash("sha256");
    const rows = client.query(copyTo(`copy ${copied(table)} to stdout`));
    for await (const piece of rows as AsyncIterable<Buffer>) {
      hash.update(piece);
      await put(frame(piece));
    }
    await put(END_OF_TABLE);
    done.push({ rows: rows.rowCount, sha256: hash.digest("hex") });
  }
  await put(
    frame(Buffer.from(JSON.stringify({ tables: done, sequences: await sequencesOf(client) } satisfies Trailer))),
  );
  gzip.end();
  return { takenAt: header.takenAt, tables: tables.length, rows: done.reduce((sum, { rows }) => sum + rows, 0) };
}

async function circumstances(client: pg.Client): Promise<Pick<Header, "takenAt" | "migrations" | "transactionsEnd">> {
  const { rows } = await client.query<{ at: Date; migrations: string[]; end: string }>(
    `select statement_timestamp() as at, pg_snapshot_xmax(snapshot_now())::text as end,
      (select array_agg(name order by id) from migrations) as migrations`,
  );
  const [row] = rows;
  if (!row) throw new MusterError("internal", "the database says nothing of itself");
  return { takenAt: row.at.toISOString(), migrations: row.migrations, transactionsEnd: row.end };
}

/** Read after the rows, and not of their snapshot: no number in a row is higher. */
async function sequencesOf(client: pg.Client): Promise<Trailer["sequences"]> {
  const { rows } = await client.query<{ name: string; last: string }>(
    `select sequencename::text as name, last_value::text as last from pg_sequences
      where schemaname = 'muster' and last_value is not null`,
  );
  return Object.fromEntries(rows.map(({ name, last }) => [name, last]));
}

/** The whole file gets its name at once, and never takes another's place. */
function place(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw occupied(path);
    throw error;
  }
}

function occupied(path: string): MusterError {
  return new MusterError("conflict", `there is something at ${path} already; give another name`, { at: "file" });
}
