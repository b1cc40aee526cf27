import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { z } from "zod";
import { migrations } from "../../../migrations/index.ts";
import { MusterError } from "../../errors.ts";
import { connected } from "../connected.ts";
import type { ConnectionSettings } from "../connection.ts";
import { migrate } from "../migrate.ts";
import { translateStorageError } from "../storage-error.ts";
import { type Header, headerSchema, type Purpose, type Table, type Trailer, trailerSchema } from "./form.ts";
import { damaged, framesOf } from "./frames.ts";
import { copied, tablesOf } from "./tables.ts";

export type Restored = { takenAt: string; tables: number; rows: number };

/** More transactions than any server makes between a backup and the moment at which it is needed. */
const GAP = 2n ** 40n;

/**
 * Puts a backup into a database that holds no organization yet. Before: nobody else uses the database. After: it holds
 * what the backup holds, of this version, and Muster rests (`paused_at`) until `resume`; or it is as empty as before.
 * @param owner a login that is `muster_owner`, or may create roles and the schema.
 * @param secretKey what `markOfKey` says of the key that is here, null for any.
 * @param purpose of the backup, too. "upgrade": Muster goes on instead of resting, and every row is read back and compared.
 * @throws MusterError `invalid` for a file that is damaged or none; `configuration` for one of a newer Muster, or whose
 * secrets this key does not open; `conflict` when the database holds an organization; `unavailable`.
 */
export async function restoreBackup(
  owner: ConnectionSettings,
  path: string,
  secretKey: string | null,
  told: (table: string) => void = () => {},
  purpose: Purpose = "restore",
): Promise<Restored> {
  const frames = read(path);
  try {
    const header = parse(headerSchema, (await frames.next()).value ?? undefined);
    if (secretKey !== null && header.secretKey !== secretKey) throw otherKey();
    refuseUnknown(header);
    await refuseInhabited(owner);
    await migrate(owner, { through: header.migrations });
    return await connected({ ...owner, role: "muster_owner", statementTimeout: 0 }, async (client) => {
      const restored = await fill(client, header, frames, told, purpose);
      await migrate(owner);
      return restored;
    });
  } catch (error) {
    const known = error instanceof MusterError ? error : explain(error);
    // Before a file's own sum is reached, a byte that was changed can look like anything.
    if (["invalid", "conflict"].includes(known.code) || (await isWhole(path))) throw known;
    throw damaged("it is not what was written", error);
  } finally {
    await frames.return();
  }
}

/** Ends the rest after a restore. Returns since when it lasted, null when there was none. */
export async function resumeAfterRestore(owner: ConnectionSettings): Promise<Date | null> {
  try {
    const { rows } = await connected({ ...owner, role: "muster_owner" }, (client) =>
      client.query<{ at: Date | null }>(
        `with before as (select paused_at from installation for update)
          update installation i set paused_at = null from before b returning b.paused_at as at`,
      ),
    );
    return rows[0]?.at ?? null;
  } catch (error) {
    throw translateStorageError(error);
  }
}

async function* read(path: string): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip();
  const reading = pipeline(createReadStream(path), gunzip);
  reading.catch(() => {});
  try {
    yield* framesOf(gunzip as AsyncIterable<Buffer>);
  } finally {
    gunzip.destroy();
  }
}

/** Whether a file is what its sum says. */
async function isWhole(path: string): Promise<boolean> {
  const nowhere = new Writable({ write: (_piece, _encoding, next) => next() });
  return pipeline(createReadStream(path), createGunzip(), nowhere).then(
    () => true,
    (error: NodeJS.ErrnoException) => !error.code?.startsWith("Z_"),
  );
}

function explain(error: unknown): MusterError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code.startsWith("Z_")) return damaged("it cannot be unpacked", error);
  if (["ENOENT", "EACCES", "EISDIR"].includes(code))
    return new MusterError("invalid", `the backup cannot be read: ${message}`, { at: "file", cause: error });
  return translateStorageError(error);
}

function otherKey(): MusterError {
  return new MusterError(
    "configuration",
    "the secrets in this backup were sealed with another key; name that key's file (MUSTER_SECRET_KEY_FILE), or restore --without-secrets and enter every secret again",
    { at: "secretKeyFile" },
  );
}

function parse<S extends z.ZodType>(schema: S, content: Buffer | undefined): z.output<S> {
  try {
    return schema.parse(JSON.parse(content?.toString("utf8") ?? ""));
  } catch (cause) {
    throw damaged("its description cannot be read", cause);
  }
}

/** @throws MusterError `configuration` for tables that went through migrations which this version does not know. */
function refuseUnknown(header: Header): void {
  const ours = new Set(migrations.map(([name]) => name));
  const unknown = header.migrations.find((name) => !ours.has(name));
  if (unknown !== undefined || header.migrations.length === 0)
    throw new MusterError(
      "configuration",
      `this backup was made by a Muster whose tables this version does not know (${unknown ?? "none"}); restore it with that version`,
      { at: "file" },
    );
}

/** What holds no organization may be thrown away, so that older tables can take its place. */
async function refuseInhabited(owner: ConnectionSettings): Promise<void> {
  await connected({ url: owner.url, statementTimeout: 0 }, async (client) => {
    const { rows } = await client.query<{ table: string | null }>(
      "select to_regclass('muster.organizations') as table",
    );
    if (rows[0]?.table === null) return;
    await client.query("begin");
    await client.query("set local role muster_owner");
    await refuseOrganizations(client);
    await client.query("drop schema muster cascade");
    await client.query("create schema muster authorization muster_owner");
    await client.query("commit");
  });
}

async function refuseOrganizations(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ key: string }>("select key from muster.organizations limit 1");
  if (rows[0])
    throw new MusterError(
      "conflict",
      `this database holds the organization ${rows[0].key}; restore into an empty data directory or another database`,
      { at: "DATABASE_URL" },
    );
}

/** All rows in one transaction: whoever looks sees an empty database or the whole backup. */
async function fill(
  client: pg.Client,
  header: Header,
  frames: AsyncGenerator<Buffer, void, undefined>,
  told: (table: string) => void,
  purpose: Purpose,
): Promise<Restored> {
  await client.query("begin");
  await client.query("lock table muster.organizations in access exclusive mode");
  await refuseOrganizations(client);
  const tables = await tablesOf(client, purpose);
  if (JSON.stringify(tables) !== JSON.stringify(header.tables))
    throw damaged("its tables are not those of its version");
  const keys = await client.query<{ off: string; on: string }>(
    `select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname) as off,
        format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as on
      from pg_constraint c where c.contype = 'f' and c.connamespace = 'muster'::regnamespace order by c.conname`,
  );
  for (const { off } of keys.rows) await client.query(off);
  const done: Trailer["tables"] = [];
  for (const table of tables) {
    told(table.name);
    done.push(await fillTable(client, table, frames, purpose));
  }
  const trailer = parse(trailerSchema, (await frames.next()).value ?? undefined);
  if (JSON.stringify(trailer.tables) !== JSON.stringify(done))
    throw damaged("its rows are not those that were written");
  if (!(await frames.next()).done) throw damaged("something follows its end");
  // Checked at once for whole tables, which is faster than row by row, and proves that nothing is missing.
  for (const { on } of keys.rows) await client.query(on);
  for (const [name, last] of Object.entries(trailer.sequences))
    await client.query("select setval(to_regclass(format('muster.%I', $1::text)), $2::bigint)", [name, last]);
  if (purpose === "restore") await rest(client);
  await goOnCounting(client, BigInt(header.transactionsEnd) + (purpose === "restore" ? GAP : 0n));
  await client.query("commit");
  await client.query("analyze");
  return { takenAt: header.takenAt, tables: tables.length, rows: done.reduce((sum, { rows }) => sum + rows, 0) };
}

/** COPY refuses tables that bind their owner too, so this one does not for as long as its rows go in. */
async function fillTable(
  client: pg.Client,
  table: Table,
  frames: AsyncGenerator<Buffer, void, undefined>,
  purpose: Purpose,
): Promise<Trailer["tables"][number]> {
  const hash = createHash("sha256");
  await client.query(`alter table muster.${table.name} no force row level security, disable trigger user`);
  await client.query(`truncate muster.${table.name}`);
  const rows = client.query(copyFrom(`copy ${copied(table)} from stdin`));
  const content = async function* () {
    for (;;) {
      const { value, done } = await frames.next();
      if (done || value === undefined) throw damaged("it ends too early");
      if (value.length === 0) return;
      hash.update(value);
      yield value;
    }
  };
  await pipeline(Readable.from(content(), { objectMode: false }), rows);
  const sha256 = hash.digest("hex");
  if (purpose === "upgrade" && (await hashOf(client, table)) !== sha256)
    throw new MusterError("unavailable", `the rows of ${table.name} do not read as they were written`);
  await client.query(`alter table muster.${table.name} force row level security, enable trigger user`);
  return { rows: rows.rowCount, sha256 };
}

/** In the order in which they were written: nothing else has read the table. */
async function hashOf(client: pg.Client, table: Table): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of client.query(copyTo(`copy ${copied(table)} to stdout`)) as AsyncIterable<Buffer>)
    hash.update(piece);
  return hash.digest("hex");
}

async function rest(client: pg.Client): Promise<void> {
  await client.query("update installation set restored_at = statement_timestamp(), paused_at = statement_timestamp()");
}

/** From here on transactions count from `before` on. */
async function goOnCounting(client: pg.Client, before: bigint): Promise<void> {
  const later = (number: string): string => `(((${number})::text::bigint + ${before})::text::xid8)`;
  await client.query(`
    update installation set transactions_before = ${before};
    create or replace function transaction_now() returns xid8 language sql volatile
      as $$ select ${later("pg_catalog.pg_current_xact_id()")} $$;
    create or replace function transactions_settled() returns xid8 language sql stable
      as $$ select ${later("pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())")} $$;
    create or replace function snapshot_now() returns pg_snapshot language sql stable
      as $$
        select (${later("pg_catalog.pg_snapshot_xmin(s)")}::text || ':' || ${later("pg_catalog.pg_snapshot_xmax(s)")}::text || ':'
          || coalesce((select string_agg(${later("x")}::text, ',' order by x) from pg_catalog.pg_snapshot_xip(s) x), ''))::pg_snapshot
        from pg_catalog.pg_current_snapshot() s
      $$;
  `);
}
