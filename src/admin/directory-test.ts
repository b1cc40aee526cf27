import { z } from "zod";
import type { Context } from "../context.ts";
import { type Tried, testSettings, triedOf } from "../sync/test.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { checkSecret, checkSettings, reading } from "./directory-settings.ts";
import { route } from "./route.ts";

/** `passed`: no step failed. A step's samples are at most five, with the ids that a sync would hold. */
const testAnswer = z
  .object({
    passed: z.boolean(),
    steps: z.array(
      z.object({
        name: z.enum(["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"]),
        verdict: z.enum(["passed", "warned", "failed", "skipped"]),
        detail: z.string(),
        hint: z.string().nullable(),
        samples: z.array(z.object({ id: z.string(), name: z.string(), location: z.string() })).readonly(),
      }),
    ),
  })
  .meta({ id: "DirectoryTest" });

const tried = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ldap"), ...reading }),
  z.strictObject({ kind: z.literal("google-workspace"), ...reading }),
]);

/**
 * Trying how a directory is read: the server is asked while the request waits, at most 45 s. A dry run asks nobody and
 * looks at the settings alone.
 */
export const directoryTestRoutes = [
  route({
    id: "directories.testSettings",
    method: "POST",
    path: "/directories/test",
    summary: "Try settings of a directory that is not there yet, step by step; nothing is kept",
    guard: { permission: "directories:write" },
    body: tried,
    answer: testAnswer,
    act: async ({ ctx, body, dryRun }) => {
      checkSettings(body.kind, body.settings);
      checkSecret(body.kind, body.secret);
      return test(ctx, body, dryRun);
    },
  }),
  route({
    id: "directories.test",
    method: "POST",
    path: "/directories/{directory}/test",
    summary: "Try the settings of a pulled directory, step by step; nothing is kept",
    guard: { permission: "directories:write" },
    params: oneDirectory,
    answer: testAnswer,
    act: async ({ ctx, caller, params, dryRun }) => {
      const db = ctx.db.of(caller.organization);
      return test(ctx, await triedOf(ctx, db, await directoryFor(db, params.directory)), dryRun);
    },
  }),
];

async function test(ctx: Context, what: Tried, dryRun: boolean) {
  const steps = await Array.fromAsync(testSettings(ctx, what, { asking: !dryRun }));
  return { passed: steps.every(({ verdict }) => verdict !== "failed"), steps };
}
