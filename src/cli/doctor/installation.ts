import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { newestMigration } from "../../../migrations/index.ts";
import type { Context } from "../../context.ts";
import { pausedSince } from "../../identity/pause.ts";
import { reachMailServer } from "../../start/mail-server.ts";
import type { Check } from "./check.ts";

/** Seconds by which two clocks may differ; what expires is decided by the database's. */
const SKEW = 5;
/** Days before its end from which a certificate is told of. */
const CERTIFICATE_DAYS = 14;
/** Bytes below which a disk is nearly full. */
const LITTLE_SPACE = 1024 ** 3;

/**
 * What concerns the whole installation. That the database answered, was migrated, binds the application's role and keeps its
 * backends was proven when it was opened.
 * @param asking false: nothing but the database is connected to.
 */
export async function installationChecks(ctx: Context, asking: boolean): Promise<Check[]> {
  return [
    await database(ctx),
    { name: "migrations", state: "ok", detail: `the database stands at ${newestMigration}` },
    await clock(ctx),
    ...(await rest(ctx)),
    await mail(ctx, asking),
    ...secretKey(ctx),
    ...certificate(ctx),
    ...publicUrl(ctx),
    ...disk(ctx),
  ];
}

async function database({ config, db }: Context): Promise<Check> {
  const [row] = await db.lookUp<{ version: string }>({ text: "select current_setting('server_version') as version" });
  const kind = config.database.url ? "external" : "embedded";
  return { name: "database", state: "ok", detail: `PostgreSQL ${row?.version ?? "?"}, ${kind}` };
}

async function clock({ db }: Context): Promise<Check> {
  const before = Date.now();
  const [row] = await db.lookUp<{ now: Date }>({ text: "select clock_timestamp() as now" });
  const here = (before + Date.now()) / 2;
  const apart = Math.round(((row?.now.getTime() ?? here) - here) / 1000);
  return Math.abs(apart) <= SKEW
    ? { name: "clock", state: "ok", detail: "this machine and the database agree" }
    : {
        name: "clock",
        state: "warning",
        detail: `the database's clock is ${Math.abs(apart)} s ${apart > 0 ? "ahead of" : "behind"} this machine's; let both be set by NTP`,
      };
}

async function rest({ db }: Context): Promise<Check[]> {
  const since = await pausedSince(db);
  const detail = `restored from a backup at ${since?.toISOString()}: mails, syncs and events rest; when all is right: muster resume`;
  return since ? [{ name: "restored", state: "warning", detail }] : [];
}

async function mail({ config }: Context, asking: boolean): Promise<Check> {
  if (config.mail.smtpUrl === undefined)
    return {
      name: "mail",
      state: "warning",
      detail: `no SMTP_URL: mails become files in ${join(config.dataDirectory, "mail")}`,
    };
  if (!asking) return { name: "mail", state: "ok", detail: "sent by the configured mail server, which was not asked" };
  const refusal = await reachMailServer(config.mail.smtpUrl);
  return refusal === null
    ? { name: "mail", state: "ok", detail: "the mail server answers and takes the login" }
    : { name: "mail", state: "failed", detail: `the mail server of SMTP_URL does not do: ${refusal}` };
}

function secretKey({ config }: Context): Check[] {
  const path = config.secretKeyFile ?? join(config.dataDirectory, "secret.key");
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode !== undefined && (mode & 0o077) !== 0
    ? [{ name: "secret key", state: "warning", detail: `${path} can be read by others; chmod 600 it` }]
    : [];
}

function certificate({ config }: Context): Check[] {
  const { certFile } = config.tls;
  if (certFile === undefined) return [];
  try {
    const end = new X509Certificate(readFileSync(certFile)).validToDate;
    const days = Math.floor((end.getTime() - Date.now()) / 86_400_000);
    const state = days < 0 ? "failed" : days < CERTIFICATE_DAYS ? "warning" : "ok";
    const way = state === "ok" ? "" : `; put a new one into ${certFile} and start Muster again`;
    return [{ name: "certificate", state, detail: `it ends at ${end.toISOString()}${way}` }];
  } catch {
    return [{ name: "certificate", state: "failed", detail: `${certFile} cannot be read as a certificate (PEM)` }];
  }
}

function publicUrl({ config }: Context): Check[] {
  const { hostname, protocol } = new URL(config.publicUrl);
  return /^(localhost|127\.|\[::1\]|0\.0\.0\.0|\[::\])/.test(hostname)
    ? [
        {
          name: "public URL",
          state: "warning",
          detail: `links in mails lead to ${config.publicUrl}, which only this machine understands; set MUSTER_PUBLIC_URL`,
        },
      ]
    : [
        {
          name: "public URL",
          state: protocol === "https:" ? "ok" : "warning",
          detail: plain(config.publicUrl, protocol),
        },
      ];
}

function plain(url: string, protocol: string): string {
  return protocol === "https:" ? url : `${url} is not https: tokens would travel unencrypted`;
}

function disk({ config }: Context): Check[] {
  // With a database elsewhere there may be none yet.
  if (!existsSync(config.dataDirectory)) return [];
  const { bavail, bsize } = statfsSync(config.dataDirectory);
  const free = bavail * bsize;
  const detail = `${Math.round(free / 1024 ** 2)} MiB are free where the data directory is`;
  return [{ name: "disk", state: free < LITTLE_SPACE ? "warning" : "ok", detail }];
}
