import { z } from "zod";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import {
  addDirectory,
  DIRECTORY_KINDS,
  type Directory,
  type DirectorySettings,
  getDirectory,
  pageOfDirectories,
  updateDirectory,
} from "../identity/directories.ts";
import { DIRECTORY_PERMISSIONS } from "../identity/directory-permissions.ts";
import { INTERVAL } from "../identity/directory-schedule.ts";
import { canonicalDomain } from "../identity/keys.ts";
import { PROFILES } from "../identity/profiles.ts";
import { listRemovalBudgets, releaseDirectory } from "../identity/removal-budget.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { checkSecret, checkSettings, reading, refuseRedirectedSecret } from "./directory-settings.ts";
import { idOut, instant, listOf, listQuery, newKey, pageOf, text } from "./fields.ts";
import { keyOfCursor } from "./input.ts";
import { pointer } from "./pointer.ts";
import { InvalidInput } from "./problem.ts";
import { route } from "./route.ts";

/** What a directory is. */
export const directoryKind = z.enum(DIRECTORY_KINDS);
const firstRun = z.enum(["preview", "apply"]);
const profile = z.enum(PROFILES);
const permissions = z.enum(DIRECTORY_PERMISSIONS);

/** `settings` never hold the secret; `baseUrl` is what the identity provider of a scim directory is given. */
export const directoryAnswer = z
  .object({
    id: idOut,
    name: z.string(),
    kind: directoryKind,
    position: z.int(),
    baseUrl: z.string().nullable(),
    permissions,
    domainPolicy: z.boolean(),
    authoritativeDomains: z.array(z.string()).readonly(),
    profile,
    requireIfMatch: z.boolean(),
    firstRun,
    syncEvery: z.int().nullable(),
    deltaEvery: z.int().nullable(),
    settings: z.record(z.string(), z.unknown()),
    hasSecret: z.boolean(),
    switchedTo: z.string().nullable(),
  })
  .meta({ id: "Directory" });

const every = {
  permissions,
  domainPolicy: z.boolean(),
  authoritativeDomains: z
    .array(text(253).refine((value) => canonicalDomain(value) !== null, "it is no domain"))
    .max(100)
    .transform((domains) => domains.map((domain) => canonicalDomain(domain) ?? domain)),
};
const pushed = { profile, requireIfMatch: z.boolean() };
const pulled = {
  ...reading,
  firstRun,
  /** Seconds between runs; null: only by hand. */
  syncEvery: z.int().min(INTERVAL.min).max(INTERVAL.max).nullable(),
  /** Seconds between reads of what changed; less than syncEvery. Null: none. */
  deltaEvery: z.int().min(INTERVAL.min).max(INTERVAL.max).nullable(),
};

const createdPulled = {
  name: newKey,
  ...z.object({ ...every, firstRun: pulled.firstRun, deltaEvery: pulled.deltaEvery }).partial().shape,
  ...reading,
  syncEvery: pulled.syncEvery.default(3_600),
};
const created = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("scim"), name: newKey, ...z.object({ ...every, ...pushed }).partial().shape }),
  z.strictObject({ kind: z.literal("ldap"), ...createdPulled }),
  z.strictObject({ kind: z.literal("google-workspace"), ...createdPulled }),
]);

/** `/directories`: where people and groups come from, in order. */
export const directoryRoutes = [
  route({
    id: "directories.list",
    method: "GET",
    path: "/directories",
    summary: "List directories in their order",
    guard: { permission: "directories:read" },
    query: listQuery,
    answer: listOf(directoryAnswer),
    read: async (db, { ctx, query: { cursor, limit } }) => {
      const [, after = "0"] = keyOfCursor(cursor, /^(\d{1,9})$/, "cursor") ?? [];
      const found = await pageOfDirectories(db, { after: Number(after), limit: limit + 1 });
      const { data, page } = pageOf(found, limit, (directory) => String(directory.position));
      return { data: data.map((directory) => shown(ctx, directory)), page };
    },
  }),
  route({
    id: "directories.get",
    method: "GET",
    path: "/directories/{directory}",
    summary: "Show a directory",
    guard: { permission: "directories:read" },
    params: oneDirectory,
    answer: directoryAnswer,
    read: async (db, { ctx, params }) => shown(ctx, await directoryFor(db, params.directory)),
  }),
  route({
    id: "directories.create",
    method: "POST",
    path: "/directories",
    summary: "Add a directory, before internal where that stands last; its token is made at /directories/{id}/tokens",
    guard: { permission: "directories:write" },
    body: created,
    answer: directoryAnswer,
    status: 201,
    location: (directory) => `/directories/${directory.id}`,
    lock: "exclusive",
    write: async (tx, { ctx, body }) => {
      if (body.kind === "scim") return shown(ctx, await addDirectory(tx, given(body)));
      const { secret, ...input } = body;
      checkSettings(body.kind, body.settings);
      checkSecret(body.kind, secret);
      return shown(ctx, await addDirectory(tx, given(input), { key: loadSecretKey(ctx.config), text: secret }));
    },
  }),
  route({
    id: "directories.update",
    method: "PATCH",
    path: "/directories/{directory}",
    summary: "Change a directory's settings; those that are given replace theirs whole",
    guard: { permission: "directories:write" },
    params: oneDirectory,
    body: z.strictObject({ ...every, ...pushed, ...pulled }).partial(),
    answer: directoryAnswer,
    current: "directories.get",
    lock: "exclusive",
    write: async (tx, { ctx, params, body: { secret, ...changes } }) => {
      const directory = await directoryFor(tx, params.directory);
      refuseForeign(directory.kind, { ...changes, ...(secret !== undefined && { secret }) });
      if (changes.settings) checkSettings(directory.kind, changes.settings);
      if (secret !== undefined) checkSecret(directory.kind, secret);
      else if (changes.settings) refuseRedirectedSecret(directory, changes.settings);
      const sealed = secret === undefined ? undefined : { key: loadSecretKey(ctx.config), text: secret };
      await updateDirectory(tx, directory.id, given(changes), sealed);
      return shown(ctx, (await getDirectory(tx, directory.id)) ?? directory);
    },
  }),
  route({
    id: "directories.removals",
    method: "GET",
    path: "/directories/{directory}/removals",
    summary: "Show how many people a scim directory has taken access from within the hour, of how many it may",
    guard: { permission: "directories:read" },
    params: oneDirectory,
    answer: z
      .object({
        lost: z.int(),
        gone: z.int(),
        base: z.int(),
        budget: z.int(),
        releasedUntil: instant.nullable(),
        heldAt: instant.nullable(),
      })
      .nullable(),
    read: async (db, { params }) => {
      const { id } = await directoryFor(db, params.directory);
      const [found] = await listRemovalBudgets(db, id);
      if (!found) return null;
      const { directory: _, ...budget } = found;
      return budget;
    },
  }),
  route({
    id: "directories.release",
    method: "POST",
    path: "/directories/{directory}/release",
    summary: "Let a scim directory's changes pass the removal budget for a while",
    guard: { permission: "directories:write" },
    dangerous: true,
    params: oneDirectory,
    body: z.strictObject({ seconds: z.int().min(1).max(86_400), reason: text(500) }),
    answer: z.object({ releasedUntil: instant }),
    lock: "none",
    write: async (tx, { params, body }) => {
      const { id } = await directoryFor(tx, params.directory);
      return { releasedUntil: await releaseDirectory(tx, id, body.seconds, body.reason) };
    },
  }),
];

/** A directory as every answer has it. */
export function shown(ctx: Context, { id, kind, ...directory }: Directory) {
  return { id, kind, ...directory, baseUrl: kind === "scim" ? `${ctx.config.publicUrl}/scim/v2/${id}` : null };
}

/** What was given, without what was left out. */
function given<T extends object>(body: T): { [K in keyof T]: Exclude<T[K], undefined> } & Partial<DirectorySettings> {
  return body as never;
}

/** @throws MusterError `conflict` */
export function refuseUnlessPushed({ name, kind }: Directory): void {
  if (kind !== "scim")
    throw new MusterError("conflict", `nobody pushes to ${name}, a directory of kind ${kind}`, { at: "directory" });
}

/** @throws InvalidInput naming what a directory of this kind does not have. */
function refuseForeign(kind: Directory["kind"], changes: object): void {
  const foreign = [
    ...(kind === "scim" ? [] : Object.keys(pushed)),
    ...(kind === "scim" || kind === "internal" ? Object.keys(pulled) : []),
    ...(kind === "csv" ? ["secret"] : []),
  ].filter((key) => Object.hasOwn(changes, key));
  if (foreign.length > 0)
    throw new InvalidInput(
      foreign.map((key) => ({
        pointer: pointer([key]),
        code: "invalid",
        message: `a directory of kind ${kind} has none`,
      })),
    );
}
