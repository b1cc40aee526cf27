import { createLogger } from "winston";
import type { Context } from "../../src/context.ts";
import type { Statement } from "../../src/db/connection.ts";
import { type DirectoryId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { approveRun } from "../../src/sync/approve.ts";
import { runSync, type SyncOptions, type SyncResult } from "../../src/sync/run.ts";
import type { Fault, ScriptedDirectory } from "../harness/scripted-directory.ts";

/** These tests make runs fail on purpose; what the log says of it is not their subject. */
export const silent = createLogger({ silent: true });

/** An organization of its own with pulled directories, and questions about what it holds. */
export type World = {
  actor: Actor;
  query<Row>(statement: Statement): Promise<Row[]>;
  write<T>(work: (tx: Tx) => Promise<T>, lock?: "exclusive"): Promise<T>;
  directory(name: string, firstRun?: "preview" | "apply"): Promise<DirectoryId>;
  sync(
    directory: DirectoryId,
    source: ScriptedDirectory,
    options?: Partial<SyncOptions> & { fault?: Fault },
  ): Promise<SyncResult>;
  /** A sync that is approved by its id when it waits for a person: for tests in which the result counts, not the guard. */
  force(directory: DirectoryId, source: ScriptedDirectory): Promise<SyncResult>;
  /** Live records as `userName` → what counts of them. */
  users(directory: DirectoryId): Promise<Record<string, { id: string; active: boolean; email: string | null }>>;
  /** `group/userName` and `group/*group` of live groups and people. */
  members(directory: DirectoryId): Promise<string[]>;
  /** Every row version of everything that a sync may write; equal before and after means that nothing was written. */
  fingerprint(): Promise<string>;
};

export async function makeWorld(ctx: Context): Promise<World> {
  const actor: Actor = { organization: newId<OrganizationId>(), kind: "command", id: "test", requestId: null };
  const db = ctx.db.of(actor.organization);
  const key = `o-${actor.organization.slice(-12)}`;
  await inTransaction(ctx, actor, (tx) => createOrganization(tx, { key }), { lock: "exclusive" });
  const write: World["write"] = (work, lock) => inTransaction(ctx, actor, work, lock ? { lock } : {});
  const sync: World["sync"] = (directory, source, { fault, ...options } = {}) =>
    runSync(ctx, directory, {
      mode: "run",
      trigger: "command",
      actor,
      connector: source.connector(fault),
      ...options,
    });
  return {
    actor,
    query: (statement) => db.query(statement),
    write,
    directory: async (name, firstRun = "apply") =>
      (await write((tx) => addDirectory(tx, { name, kind: "ldap", firstRun }), "exclusive")).id,
    sync,
    force: async (directory, source) => {
      const result = await sync(directory, source);
      const waits = result.state === "held" || result.state === "previewed";
      return waits ? approveRun(ctx, result.runId, { actor, reason: "whatever it says" }) : result;
    },
    users: async (directory) => {
      const rows = await db.query<{ userName: string; id: string; active: boolean; email: string | null }>({
        text: `select user_name as "userName", id, active, email from directory_users
          where organization = $1 and directory = $2 and deleted_at is null order by user_name`,
        values: [db.organization, directory],
      });
      return Object.fromEntries(rows.map(({ userName, ...rest }) => [userName, rest]));
    },
    members: async (directory) => {
      const rows = await db.query<{ line: string }>({
        text: `select g.display_name || '/' || u.user_name as line from remote_memberships m
            join directory_groups g on g.organization = $1 and g.id = m.group_id and g.deleted_at is null
            join directory_users u on u.organization = $1 and u.id = m.directory_user and u.deleted_at is null
            where m.organization = $1 and g.directory = $2
          union all
          select p.display_name || '/*' || c.display_name from group_nestings n
            join directory_groups p on p.organization = $1 and p.id = n.parent and p.deleted_at is null
            join directory_groups c on c.organization = $1 and c.id = n.child and c.deleted_at is null
            where n.organization = $1 and p.directory = $2
          order by 1`,
        values: [db.organization, directory],
      });
      return rows.map((row) => row.line);
    },
    fingerprint: async () => {
      const rows = await db.query<{ versions: string }>({ text: FINGERPRINT });
      return rows.map((row) => row.versions).join("\n");
    },
  };
}

const HELD = [
  "accounts",
  "directory_users",
  "groups",
  "directory_groups",
  "remote_memberships",
  "local_memberships",
  "group_nestings",
  "role_grants",
  "access",
  "audit",
  "outbox",
  "mails",
];

const FINGERPRINT = HELD.map(
  (table) =>
    `select '${table} ' || count(*) || ' ' || coalesce(string_agg(xmin::text || ctid::text, ',' order by ctid), '') as versions from ${table}`,
).join(" union all ");

/** How many accounts are active by their canonical record. */
export async function activeAccounts(world: World): Promise<number> {
  const [row] = await world.query<{ count: number }>({
    text: `select count(*) from accounts a join directory_users u on u.id = a.canonical and u.active and u.deleted_at is null
      where a.organization = $1`,
    values: [world.actor.organization],
  });
  return row?.count ?? 0;
}
