import { z } from "zod";
import { orderDirectories } from "../identity/directory-order.ts";
import { DIRECTORY_PERMISSIONS } from "../identity/directory-permissions.ts";
import { writeTarget } from "../identity/write-target.ts";
import { consequencesAnswer } from "./consequences.ts";
import { directoryAnswer, directoryKind, shown } from "./directories.ts";
import { text } from "./fields.ts";
import { refusalAnswer } from "./refusal.ts";
import { route } from "./route.ts";

const writeTargetAnswer = z
  .object({
    directory: z.string().nullable(),
    refusal: refusalAnswer.nullable(),
    directories: z.array(
      z.object({
        name: z.string(),
        kind: directoryKind,
        permissions: z.enum(DIRECTORY_PERMISSIONS),
        capabilities: z.object({
          addPeople: z.boolean(),
          editPeople: z.boolean(),
          editGroups: z.boolean(),
          localMembers: z.boolean(),
        }),
        refusal: refusalAnswer.nullable(),
      }),
    ),
  })
  .meta({ id: "WriteTarget" });

/** What the directories' order decides. Mounted before `/directories/{directory}`, whose form these paths have. */
export const directoryOrderRoutes = [
  route({
    id: "directories.order",
    method: "PUT",
    path: "/directories/order",
    summary: "Put all directories in this order; the answer, with dryRun=true too, tells what that does to whom",
    guard: { permission: "directories:write" },
    body: z.strictObject({ names: z.array(text(63)).min(1).max(1_000) }),
    answer: z.object({
      changed: z.boolean(),
      directories: z.array(directoryAnswer),
      consequences: consequencesAnswer,
      writeTarget: writeTargetAnswer,
    }),
    lock: "exclusive",
    write: async (tx, { ctx, body }) => {
      const { directories, ...ordered } = await orderDirectories(tx, body.names);
      return { ...ordered, directories: directories.map((directory) => shown(ctx, directory)) };
    },
  }),
  route({
    id: "directories.writeTarget",
    method: "GET",
    path: "/directories/write-target",
    summary: "Show where a new person would be written, what administrators may do with each directory, and why not",
    guard: { permission: "directories:read" },
    answer: writeTargetAnswer,
    read: (db) => writeTarget(db),
  }),
];
