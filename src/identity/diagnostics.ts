import type { Config } from "../config.ts";
import type { Db } from "../db/connection.ts";
import { version } from "../version.ts";
import { type Held, type Permission, reach } from "./rights/permissions.ts";
import { statusSql } from "./statuses.ts";

/** Who asks, as far as a reader of the bundle may know. */
type Asker = { kind: string; held: readonly Held[] };

type Counts = Readonly<Record<string, number>>;

type Run = {
  state: string;
  mode: string;
  lane: string;
  trigger: string;
  complete: boolean;
  counts: Counts;
  /** The rules for which the guard held the plan; what they say of whom is left out. */
  heldBy: string[];
  failed: boolean;
  startedAt: string;
  finishedAt: string | null;
};

type DirectoryState = {
  id: string;
  kind: string;
  position: number;
  permissions: string;
  domainPolicy: boolean;
  firstRun: string;
  syncEvery: number | null;
  profile: string;
  hasSecret: boolean;
  people: number;
  groups: number;
  runs: Run[];
};

type ProductState = {
  id: string;
  hasGuests: boolean;
  seats: number | null;
  seatEnforcement: string;
  guestBasis: string;
  guestRatio: number;
  guestEnforcement: string;
  access: Counts;
};

/** What somebody who helps needs to know of an installation (R22). */
type Diagnostics = {
  generatedAt: Date;
  versions: { muster: string; node: string; postgresql: string; platform: string };
  caller: { kind: string; permissions: { permission: Permission; everywhere: boolean }[] };
  configuration: ReturnType<typeof allowedOf>;
  organization: Readonly<Record<string, string | boolean | number | null>>;
  directories: DirectoryState[];
  products: ProductState[];
  counts: Readonly<Record<string, Counts>>;
};

/** Runs that are told of each directory, the latest. */
const MOST_RUNS = 5;
/** Directories and products that are told. */
const MOST_TOLD = 200;

/**
 * The state of an organization for whoever helps with it (R22): versions, the caller's rights, settings and flags, directories
 * with their last runs, figures. Everything is chosen by name: ids, numbers, instants and our own words. No name, address, key, URL,
 * path, message or secret is in it, because those are personal or confidential.
 */
export async function diagnostics(db: Db, config: Config, { kind, held }: Asker): Promise<Diagnostics> {
  const [database] = await db.query<{ postgresql: string; at: Date }>({
    text: "select current_setting('server_version_num') as postgresql, statement_timestamp() as at",
  });
  const permissions = [...new Set(held.flatMap((one) => [...one.permissions]))].sort();
  return {
    generatedAt: database?.at ?? new Date(0),
    versions: {
      muster: version(),
      node: process.version,
      postgresql: database?.postgresql ?? "unknown",
      platform: `${process.platform} ${process.arch}`,
    },
    caller: {
      kind,
      permissions: permissions.map((permission) => ({ permission, everywhere: reach(held, permission) === null })),
    },
    configuration: allowedOf(config),
    organization: await organizationOf(db),
    directories: await directoriesOf(db),
    products: await productsOf(db),
    counts: await countsOf(db),
  };
}

/** What of the configuration can be told: numbers, our own words, and whether something is set. */
function allowedOf({
  database,
  tls,
  mail,
  log,
  invitations,
  webhooks,
  sync,
  signIn,
  requestLog,
  limits,
  ...rest
}: Config) {
  return {
    database: {
      external: database.url !== undefined,
      ownLoginOfOwner: database.ownerUrl !== undefined,
      poolSize: database.poolSize,
    },
    publicUrlIsHttps: rest.publicUrl?.startsWith("https://") ?? false,
    trustedProxies: rest.trustedProxies.length,
    tls: tls.certFile !== undefined,
    filesDirectory: rest.filesDirectory !== undefined,
    secretKeyFile: rest.secretKeyFile !== undefined,
    mail: { smtp: mail.smtpUrl !== undefined, retryDelays: mail.retryDelays },
    log: { level: log.level, format: log.format },
    invitations: { resendCoolDown: invitations.resendCoolDown, validDays: invitations.validDays },
    webhooks: { allowPrivate: webhooks.allowPrivate, timeout: webhooks.timeout, concurrency: webhooks.concurrency },
    sync: {
      silence: sync.silence,
      memory: sync.memory,
      approvalHours: sync.approvalHours,
      keepDays: sync.keepDays,
      keepRuns: sync.keepRuns,
    },
    signIn: { idle: signIn.idle, longest: signIn.longest, fresh: signIn.fresh },
    requestLog: { days: requestLog.days, values: requestLog.values, bodies: requestLog.bodies },
    limits: { bodyBytes: limits.bodyBytes, requestTimeout: limits.requestTimeout, drainTimeout: limits.drainTimeout },
  };
}

async function organizationOf(db: Db): Promise<Diagnostics["organization"]> {
  const [row] = await db.query<Diagnostics["organization"]>({
    text: `select o.id, o.membership_mode as "membershipMode", o.external_user_management as "externalUserManagement",
        o.sign_up as "signUp", o.sign_up_verification as "signUpVerification", o.sign_up_notices as "signUpNotices",
        o.access_requests as "accessRequests", o.schema_version::integer as "schemaVersion",
        (select count(*) from sign_up_domains d where d.organization = o.id)::integer as "signUpDomains",
        (select count(*) from schema_extensions e where e.organization = o.id)::integer as "schemaExtensions",
        exists (select from single_sign_on s where s.organization = o.id) as "singleSignOn",
        paused_at() is not null as paused
      from organizations o where o.id = $1`,
    values: [db.organization],
  });
  return row ?? {};
}

async function directoriesOf(db: Db): Promise<DirectoryState[]> {
  return db.query<DirectoryState>({
    text: `select d.id, d.kind, d.position, d.permissions, d.domain_policy as "domainPolicy", d.first_run as "firstRun",
        extract(epoch from d.sync_every)::integer as "syncEvery", d.profile, d.secret is not null as "hasSecret",
        (select count(*) from directory_users u
          where u.organization = $1 and u.directory = d.id and u.deleted_at is null)::integer as people,
        (select count(*) from groups g
          where g.organization = $1 and g.directory = d.id and g.deleted_at is null)::integer as groups,
        coalesce((select json_agg(json_build_object('state', r.state, 'mode', r.mode, 'lane', r.lane, 'trigger', r.trigger,
            'complete', r.complete, 'heldBy', coalesce((select json_agg(distinct v.reason ->> 'rule')
              from jsonb_array_elements(coalesce(r.verdict -> 'reasons', '[]')) v (reason)), '[]'),
            'counts', (select coalesce(json_object_agg(c.key, c.value), '{}') from jsonb_each(r.counts) c
              where jsonb_typeof(c.value) = 'number'),
            'failed', r.error is not null, 'startedAt', r.started_at, 'finishedAt', r.finished_at) order by r.started_at desc)
          from (select r.* from sync_runs r where r.organization = $1 and r.directory = d.id
            order by r.started_at desc limit ${MOST_RUNS}) r), '[]') as runs
      from directories d where d.organization = $1 and d.removed_at is null order by d.position limit ${MOST_TOLD}`,
    values: [db.organization],
  });
}

async function productsOf(db: Db): Promise<ProductState[]> {
  return db.query<ProductState>({
    text: `select p.id, p.has_guests as "hasGuests", p.seats, p.seat_enforcement as "seatEnforcement",
        p.guest_basis as "guestBasis", p.guest_ratio as "guestRatio", p.guest_enforcement as "guestEnforcement",
        coalesce((select json_object_agg(coalesce(a.role, 'none') || ' ' || a.state, a.people order by a.role, a.state) from (
          select a.role, a.state, count(*) as people from access a
          where a.organization = $1 and a.product = p.id group by a.role, a.state) a), '{}') as access
      from products p where p.organization = $1 order by p.id limit ${MOST_TOLD}`,
    values: [db.organization],
  });
}

/** What is counted, by a column of our own words; each as SQL of one organization. */
const COUNTED = {
  users: `select ${statusSql} as word from accounts a where a.organization = $1`,
  grants:
    "select role || case when group_id is null or needs_confirmation then ' waiting' else '' end as word from role_grants where organization = $1",
  localGroups: "select 'all' as word from groups where organization = $1 and directory is null and deleted_at is null",
  guests:
    "select case when parked_at is null then 'assigned' else 'parked' end as word from guest_assignments where organization = $1",
  invitations: "select state as word from invitations where organization = $1",
  mails: "select kind || ' ' || state as word from mails where organization = $1",
  links:
    "select case when disabled_at is null then 'enabled' else 'disabled' end as word from links where organization = $1",
  accessRequests: "select state as word from access_requests where organization = $1",
  jobs: "select state as word from jobs where organization = $1",
  webhooks: "select state as word from webhooks where organization = $1",
  rights:
    "select bundle || case when in_force then '' else ' not in force' end as word from rights where organization = $1",
  tokens: `select case when directory is not null then 'scim' when product is not null then 'product' else 'administration' end
    || case when revoked_at is not null then ' revoked' else '' end as word from tokens where organization = $1`,
} as const;

async function countsOf(db: Db): Promise<Diagnostics["counts"]> {
  const counts: Record<string, Counts> = {};
  for (const [what, sql] of Object.entries(COUNTED)) {
    const rows = await db.query<{ word: string; number: number }>({
      text: `select word, count(*)::integer as number from (${sql}) of_these group by word order by word`,
      values: [db.organization],
    });
    counts[what] = Object.fromEntries(rows.map(({ word, number }) => [word, number]));
  }
  return counts;
}
