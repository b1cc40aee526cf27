import { z } from "zod";
import { removeDirectory } from "../identity/directory-remove.ts";
import { consequencesAnswer } from "./consequences.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { idOut, text } from "./fields.ts";
import { route } from "./route.ts";
import { role } from "./words.ts";

/** `DELETE /directories/{directory}`: asked with the directory's name, as a dry run too. */
export const directoryRemoveRoutes = [
  route({
    id: "directories.remove",
    method: "DELETE",
    path: "/directories/{directory}",
    summary:
      "Take a directory away with everybody in it, which cannot be taken back; the answer, with dryRun=true too, tells what that does to whom",
    guard: { permission: "directories:write" },
    dangerous: true,
    params: oneDirectory,
    body: z.strictObject({ confirm: text(63) }),
    answer: z
      .object({
        id: idOut,
        name: z.string(),
        users: z.int(),
        groups: z.int(),
        grants: z.object({
          total: z.int(),
          named: z.array(z.object({ group: z.string(), site: z.string(), product: z.string(), role })),
        }),
        consequences: consequencesAnswer,
      })
      .meta({ id: "RemovedDirectory" }),
    current: "directories.get",
    lock: "exclusive",
    write: async (tx, { params, body }) =>
      removeDirectory(tx, (await directoryFor(tx, params.directory)).id, body.confirm),
  }),
];
