import { z } from "zod";
import { MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { COUNTS, switchDirectory } from "../identity/directory-switch/switch.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { idOut, keyIn, text } from "./fields.ts";
import { route } from "./route.ts";
import { unlessUnknown } from "./unless-unknown.ts";

const end = z.object({ id: idOut, name: z.string() });
const names = z.array(z.string());

/** What a switch did, or would do. Of each list the first hundred. */
const answer = z
  .object({
    changed: z.boolean(),
    from: end,
    to: end,
    match: z.string(),
    counts: z.record(z.enum(COUNTS), z.int()),
    switched: z.array(
      z.object({ account: idOut, from: z.string(), to: z.string(), joined: idOut.nullable(), rights: names }),
    ),
    unmatched: z.array(
      z.object({
        account: idOut,
        userName: z.string(),
        email: z.string().nullable(),
        access: z.array(
          z.object({ site: z.string(), product: z.string(), role: z.string().nullable(), seat: z.boolean() }),
        ),
        rights: names,
        guestAssignments: z.int(),
        localMemberships: z.int(),
      }),
    ),
    conflicts: z.array(z.object({ reason: z.string(), from: names, to: names, detail: z.string() })),
    access: z.array(
      z.object({
        account: idOut,
        userName: z.string(),
        site: z.string(),
        product: z.string(),
        what: z.enum(["lost", "changed", "gained"]),
        roleBefore: z.string().nullable(),
        role: z.string().nullable(),
      }),
    ),
    grants: z.array(
      z.union([
        z.object({ group: z.string(), site: z.string(), product: z.string(), role: z.string() }),
        z.object({ group: z.string(), inside: z.string() }),
      ]),
    ),
    parked: z.array(z.object({ account: idOut, userName: z.string() })),
  })
  .meta({ id: "DirectorySwitch" });

/** `/directories/{directory}/switch`: people move from one directory to another. */
export const directorySwitchRoutes = [
  route({
    id: "directories.switch",
    method: "POST",
    path: "/directories/{directory}/switch",
    summary: "Switch a directory's people to another one that has them too; dryRun=true tells who would lose what",
    guard: { permission: "directories:write" },
    dangerous: true,
    params: oneDirectory,
    body: z.strictObject({
      to: keyIn,
      /** userName, email, or the path of an attribute whose value is the same on both sides. */
      match: text(300),
      /** by-name: what the groups give is copied to the other directory's groups of the same names. */
      groups: z.enum(["none", "by-name"]).default("none"),
    }),
    answer,
    lock: "exclusive",
    write: async (tx, { params, body }) => {
      const from = await directoryFor(tx, params.directory);
      const to = await unlessUnknown(resolveDirectory(tx, body.to));
      if (!to) throw new MusterError("not-found", "there is no such directory", { at: "to" });
      return switchDirectory(tx, { from: from.id, to: to.id, match: body.match, groups: body.groups });
    },
  }),
];
