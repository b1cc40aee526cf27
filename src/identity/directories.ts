import type { Db } from "../db/connection.ts";
import { type DirectoryId, newId, parseId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { reconcileAll } from "./access/reconcile.ts";
import { withCanonicalDomains } from "./authoritative-domains.ts";
import { type DirectoryPermissions, defaultPermissions, refuseUnfitPermissions } from "./directory-permissions.ts";
import { refuseUnfitSchedule } from "./directory-schedule.ts";
import type { Profile } from "./profiles.ts";
import { recordChanges } from "./record.ts";
import { openSecret, type SecretKey, type SecretPlace, sealSecret } from "./secrets.ts";

export const DIRECTORY_KINDS = ["internal", "scim", "ldap", "google-workspace", "csv"] as const;
export type DirectoryKind = (typeof DIRECTORY_KINDS)[number];

export type DirectorySettings = {
  /** What the kind's connector needs to read it, checked by the door; empty for `internal` and `scim`. */
  settings: Record<string, unknown>;
  /** What administrators may change of its people and groups. R162, R165. */
  permissions: DirectoryPermissions;
  /** Its people get `user` and `admin` from synced groups only with an address in the sign-up domains. */
  domainPolicy: boolean;
  /** Domains whose addresses this directory is believed about. */
  authoritativeDomains: readonly string[];
  /** Whether the first run waits for approval or applies its additions by itself. */
  firstRun: "preview" | "apply";
  /** Seconds between scheduled runs; null: only by hand. */
  syncEvery: number | null;
  /** Seconds between reads of what changed, where the directory can tell; less than `syncEvery`, whose runs confirm them. */
  deltaEvery: number | null;
  /** How the identity provider of a `scim` directory speaks; of no meaning to the others. */
  profile: Profile;
  /** Whether PUT, PATCH and DELETE over SCIM must carry If-Match (RFC 6585 §3). */
  requireIfMatch: boolean;
};

/** `position` counts from 1; the directory at 1 is asked first. R161. */
export type Directory = {
  id: DirectoryId;
  name: string;
  kind: DirectoryKind;
  position: number;
  hasSecret: boolean;
  /** The directory that its people were switched to; then this one rests. */
  switchedTo: string | null;
} & DirectorySettings;

const COLUMNS = `id, name, kind, position, secret is not null as "hasSecret", settings, permissions,
  domain_policy as "domainPolicy", authoritative_domains as "authoritativeDomains", first_run as "firstRun",
  extract(epoch from sync_every)::int as "syncEvery", extract(epoch from delta_every)::int as "deltaEvery", profile,
  require_if_match as "requireIfMatch",
  (select w.name from directories w where w.organization = directories.organization and w.id = directories.switched_to)
    as "switchedTo"`;

/** A removed directory is none: only what it held is kept below it. */
const STANDS = "organization = $1 and removed_at is null";

const DEFAULTS: Omit<DirectorySettings, "permissions"> = {
  settings: {},
  domainPolicy: false,
  authoritativeDomains: [],
  firstRun: "preview",
  syncEvery: null,
  deltaEvery: null,
  profile: "generic",
  requireIfMatch: false,
};

/**
 * The directory that every organization starts with: people who were invited, signed up or added here (design §1).
 * Before: the organization has no directory. After: `internal` stands at position 1.
 */
export async function createInternalDirectory(tx: Tx): Promise<DirectoryId> {
  const id = newId<DirectoryId>();
  await tx.query({
    text: "insert into directories (organization, id, name, kind, position, permissions) values ($1, $2, 'internal', 'internal', 1, $3)",
    values: [tx.organization, id, defaultPermissions("internal")],
  });
  return id;
}

/**
 * A new, empty directory: before `internal` where that stands last, else at the end. R161. Its secret is sealed for
 * its row; a pulled directory is due one interval from now.
 *
 * Before: any. After: the directory stands, with an audit row; the others keep their order, so nobody's canonical
 * record and access change.
 * @throws MusterError `uniqueness`; `invalid` when the name is no key, or is `local`, which names local groups; for
 * permissions under which the next sync would take edits back, or for a schedule that no directory can have.
 */
export async function addDirectory(
  tx: Tx,
  input: { name: string; kind: Exclude<DirectoryKind, "internal"> } & Partial<DirectorySettings>,
  secret?: { key: SecretKey; text: string },
): Promise<Directory> {
  if (input.name === "local")
    throw new MusterError(
      "invalid",
      "no directory can be called local: local/NAME names the organization's own groups",
      { at: "name" },
    );
  const id = newId<DirectoryId>();
  const all = withCanonicalDomains({ ...DEFAULTS, permissions: defaultPermissions(input.kind), ...input });
  refuseUnfitPermissions(all);
  refuseUnfitSchedule(input, all);
  const position = await makeRoom(tx);
  await tx.query({
    text: `insert into directories (organization, id, name, kind, position, settings, secret, domain_policy,
        authoritative_domains, first_run, sync_every, next_run_at, profile, require_if_match, permissions,
        delta_every)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, make_interval(secs => $11),
        statement_timestamp() + make_interval(secs => $11), $12, $13, $14, make_interval(secs => $15))`,
    values: [
      tx.organization,
      id,
      input.name,
      input.kind,
      position,
      all.settings,
      secret ? sealSecret(secret.key, secretPlace(tx, id), secret.text) : null,
      all.domainPolicy,
      all.authoritativeDomains,
      all.firstRun,
      all.syncEvery,
      all.profile,
      all.requireIfMatch,
      all.permissions,
      all.deltaEvery,
    ],
  });
  await recordChanges(tx, [
    {
      action: "directory.created",
      subjectKind: "directory",
      subject: id,
      detail: { name: input.name, kind: input.kind, position },
    },
  ]);
  const directory = await getDirectory(tx, id);
  if (!directory) throw new MusterError("internal", "a new directory cannot be read");
  return directory;
}

/** The position for one more directory. The rows are locked in one statement and moved in the next, which sees what the wait brought. */
async function makeRoom(tx: Tx): Promise<number> {
  const rows = await tx.query<{ kind: DirectoryKind; position: number }>({
    text: `select kind, position from directories where ${STANDS} order by position for no key update`,
    values: [tx.organization],
  });
  const last = rows.at(-1);
  if (last?.kind !== "internal") return (last?.position ?? 0) + 1;
  await tx.query({
    text: "update directories set position = position + 1 where organization = $1 and position = $2",
    values: [tx.organization, last.position],
  });
  return last.position;
}

/**
 * Gives a directory these settings; what is left out stays.
 *
 * Before: the organization is locked exclusively, because its domain policy is read for many accounts (design §4.4).
 * After: the settings and the sealed secret stand, with an audit row that names no secret; when the policy changed,
 * everybody's access follows. Returns whether anything changed.
 * @throws MusterError `not-found`; `invalid` for permissions that its kind or schedule cannot have, and for what is no domain; `configuration` when the secret that stands was sealed with another key.
 */
export async function updateDirectory(
  tx: Tx,
  id: DirectoryId,
  given: Partial<DirectorySettings>,
  secret?: { key: SecretKey; text: string },
): Promise<boolean> {
  requireExclusive(tx);
  const before = await getDirectory(tx, id);
  if (!before) throw new MusterError("not-found", "there is no such directory");
  const changes = withCanonicalDomains(given);
  const wanted = { ...before, ...changes };
  refuseUnfitPermissions(wanted);
  refuseUnfitSchedule(changes, wanted);
  const rows = await tx.query({
    text: `update directories set settings = $3, domain_policy = $4, authoritative_domains = $5, first_run = $6,
        next_run_at = case when switched_at is not null and make_interval(secs => $7) is not null then 'infinity'
          when sync_every is not distinct from make_interval(secs => $7) then next_run_at
          else statement_timestamp() + make_interval(secs => $7) end,
        sync_every = make_interval(secs => $7), profile = $8, require_if_match = $9, permissions = $10,
        next_delta_at = case when switched_at is not null and make_interval(secs => $11) is not null then 'infinity'
          when delta_every is not distinct from make_interval(secs => $11) then next_delta_at end,
        delta_every = make_interval(secs => $11)
      where organization = $1 and id = $2
        and (settings, domain_policy, authoritative_domains, first_run, sync_every, profile, require_if_match,
            permissions, delta_every)
          is distinct from ($3::jsonb, $4::boolean, $5::text[], $6::text, make_interval(secs => $7), $8::text,
            $9::boolean, $10::text, make_interval(secs => $11))
      returning id`,
    values: [
      tx.organization,
      id,
      wanted.settings,
      wanted.domainPolicy,
      wanted.authoritativeDomains,
      wanted.firstRun,
      wanted.syncEvery,
      wanted.profile,
      wanted.requireIfMatch,
      wanted.permissions,
      wanted.deltaEvery,
    ],
  });
  const secretChanged = secret !== undefined && (await readDirectorySecret(tx, secret.key, id)) !== secret.text;
  if (secretChanged)
    await tx.query({
      text: "update directories set secret = $3 where organization = $1 and id = $2",
      values: [tx.organization, id, sealSecret(secret.key, secretPlace(tx, id), secret.text)],
    });
  if (rows.length === 0 && !secretChanged) return false;
  await recordChanges(tx, [
    {
      action: "directory.updated",
      subjectKind: "directory",
      subject: id,
      detail: { ...changes, ...(secretChanged ? { secret: "replaced" } : {}) },
    },
  ]);
  if (wanted.domainPolicy !== before.domainPolicy) await reconcileAll(tx);
  return true;
}

/**
 * The secret of a directory in the clear, or null when it has none (design §7: sealed at rest).
 * @throws MusterError `configuration` when the key is another.
 */
export async function readDirectorySecret(db: Db, key: SecretKey, id: DirectoryId): Promise<string | null> {
  return (await readSettingsAndSecret(db, () => key, id))?.secret ?? null;
}

/** A directory's settings and the secret that was given for them: one statement, so that never one is new and the other old. */
export async function readSettingsAndSecret(
  db: Db,
  key: () => SecretKey,
  id: DirectoryId,
): Promise<{ settings: Record<string, unknown>; secret: string | null } | undefined> {
  const [row] = await db.query<{ settings: Record<string, unknown>; secret: Buffer | null }>({
    text: "select settings, secret from directories where organization = $1 and id = $2",
    values: [db.organization, id],
  });
  return row && { ...row, secret: row.secret && openSecret(key(), secretPlace(db, id), row.secret) };
}

function secretPlace(db: Db, id: DirectoryId): SecretPlace {
  return { organization: db.organization, table: "directories", column: "secret", row: id };
}

/** The organization's directories in their order. R161. */
export async function listDirectories(db: Db): Promise<Directory[]> {
  return db.query<Directory>({
    text: `select ${COLUMNS} from directories where ${STANDS} order by position`,
    values: [db.organization],
    prepared: true,
  });
}

/** The directory with this id, or undefined: another organization's is as unknown as none. */
export async function getDirectory(db: Db, id: DirectoryId): Promise<Directory | undefined> {
  const [row] = await db.query<Directory>({
    text: `select ${COLUMNS} from directories where ${STANDS} and id = $2`,
    values: [db.organization, id],
    prepared: true,
  });
  return row;
}

/** A page of the directories in their order, after one position. */
export async function pageOfDirectories(db: Db, page: { after: number; limit: number }): Promise<Directory[]> {
  return db.query<Directory>({
    text: `select ${COLUMNS} from directories where ${STANDS} and position > $2 order by position limit $3`,
    values: [db.organization, page.after, page.limit],
    prepared: true,
  });
}

/** The directory with this id or name; an id wins over a name that looks like one. @throws MusterError `not-found`. */
export async function resolveDirectory(db: Db, nameOrId: string): Promise<Directory> {
  const [found] = await db.query<Directory>({
    text: `select ${COLUMNS} from directories where ${STANDS} and (id = $2 or name = $3)
      order by id = $2 desc nulls last limit 1`,
    values: [db.organization, parseId<DirectoryId>(nameOrId) ?? null, nameOrId],
    prepared: true,
  });
  if (!found) throw new MusterError("not-found", `there is no directory ${nameOrId}`, { at: "directory" });
  return found;
}
