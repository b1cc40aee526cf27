import { userInfo } from "node:os";
import { type Config, loadConfig } from "../config.ts";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { OrganizationId } from "../db/id.ts";
import { newId } from "../db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../db/transaction.ts";
import { type OrganizationKey, resolveOrganization } from "../identity/organizations.ts";
import { loadSecretKey, type SecretKey } from "../identity/secrets.ts";
import { type Logger, makeLogger } from "../logger.ts";
import { type Opened, openContext } from "../start/open-context.ts";
import { typedPath } from "./input.ts";

/** One command's way to the database: its organization's reads, and writes as the person who typed it. */
export type Session = {
  ctx: Context;
  environment: NodeJS.ProcessEnv;
  organization: OrganizationKey;
  db: Db;
  actor: Actor;
  write<T>(work: (tx: Tx) => Promise<T>, lock?: OrganizationLock): Promise<T>;
};

/** Variables that name files; a relative one is meant from where the person stands. */
const PATHS = [
  "MUSTER_CONFIG",
  "MUSTER_DATA_DIR",
  "MUSTER_TLS_CERT_FILE",
  "MUSTER_TLS_KEY_FILE",
  "MUSTER_SECRET_KEY_FILE",
];

/** The configuration of a command. */
export function commandConfig(environment: NodeJS.ProcessEnv): Config {
  return loadConfig(withTypedPaths(environment));
}

function withTypedPaths(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const resolved = { ...environment };
  for (const variable of PATHS) {
    const path = environment[variable];
    if (path) resolved[variable] = typedPath(environment, path);
  }
  return resolved;
}

/** What a command logs: its answer is what was asked for, so only what must be said, unless the person wants more. */
export function commandLogger(environment: NodeJS.ProcessEnv, { log }: Config): Logger {
  return makeLogger({ ...log, level: environment.MUSTER_LOG_LEVEL ? log.level : "warn" });
}

/** Opens the database (the embedded one is started or joined) for as long as `work` runs. */
export async function withOpened<T>(environment: NodeJS.ProcessEnv, work: (opened: Opened) => Promise<T>): Promise<T> {
  const config = commandConfig(environment);
  const opened = await openContext(config, commandLogger(environment, config));
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** The same for what needs no login of the owner. */
export async function withContext<T>(environment: NodeJS.ProcessEnv, work: (ctx: Context) => Promise<T>): Promise<T> {
  return withOpened(environment, ({ ctx }) => work(ctx));
}

/** @param org the key given with --org, or undefined for the only organization. */
export async function openSession(
  ctx: Context,
  environment: NodeJS.ProcessEnv,
  org: string | undefined,
): Promise<Session> {
  const organization = await resolveOrganization(ctx.db, org);
  const actor = commandActor(organization.id);
  return {
    ctx,
    environment,
    organization,
    actor,
    db: ctx.db.of(organization.id),
    write: (work, lock = "shared") => inTransaction(ctx, actor, work, { lock }),
  };
}

/** Who typed the command, as audit rows name them. */
export function commandActor(organization: OrganizationId): Actor {
  return { organization, kind: "command", id: userName(), requestId: newId() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

/** The key that opens the secrets of directories. */
export function secretKey(ctx: Context): SecretKey {
  return loadSecretKey({ secretKeyFile: ctx.config.secretKeyFile, dataDirectory: ctx.config.dataDirectory });
}
