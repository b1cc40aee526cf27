import { z } from "zod";
import { parseSettings } from "../settings.ts";

const path = z
  .string()
  .max(512)
  .refine(isPlainPath, "is not the path of a file inside the folder, such as people.csv or company/people.csv");
const column = z.string().min(1).max(200);

/** A column that a file may lack; then null says so, for a heading that is misspelt must not empty a field. */
function lackable(name: string) {
  return column.nullable().default(name);
}

/** Names and addresses change and are given to other people; a record held under one of these would change its owner. */
const NO_IDS = /^(e-?mail( address)?|mail|name|(user|login|display|full|group)[ _-]?name|login|user|group|uid|dn)$/i;
const id = column.refine((name) => !NO_IDS.test(name), "can change, so it cannot be the immutable id").default("id");

/**
 * Which files describe people, groups and members, and how. Paths are relative to the one folder that the installation
 * allows. Every key but `users` may be left out.
 */
export const csvSettings = z
  .strictObject({
    users: path,
    groups: path.optional(),
    members: path.optional(),
    /** What `sha256sum` says of the files. Written last, it proves that they arrived whole. */
    sums: path.optional(),
    delimiter: z.enum([",", ";", "\t", "|"]).default(","),
    /** What the columns are called in the first line of each file; null: the file has none. Others are passed over. */
    columns: z
      .strictObject({
        users: z
          .strictObject({
            id,
            userName: column.default("userName"),
            active: lackable("active"),
            email: lackable("email"),
            displayName: lackable("displayName"),
            givenName: lackable("givenName"),
            familyName: lackable("familyName"),
          })
          .prefault({}),
        groups: z.strictObject({ id, name: column.default("name") }).prefault({}),
        /** `group` and `user` hold ids, and so does `subgroup`; a row names a user or a subgroup. */
        members: z
          .strictObject({
            group: column.default("group"),
            user: column.default("user"),
            subgroup: lackable("subgroup"),
          })
          .prefault({}),
      })
      .prefault({}),
    /** A larger file fails the read; it is never read in part. */
    maxMegabytes: z.int().min(1).max(1024).default(256),
  })
  .superRefine((settings, context) => {
    const refuse = (keys: string[], message: string): void => context.addIssue({ code: "custom", path: keys, message });
    if (settings.members !== undefined && settings.groups === undefined)
      refuse(["members"], "needs a file of groups beside it");
    const seen = new Set<string>();
    for (const key of ["users", "groups", "members", "sums"] as const) {
      const file = settings[key];
      if (file !== undefined && seen.has(file)) refuse([key], "is another file's path");
      if (file !== undefined) seen.add(file);
    }
    for (const [kind, columns] of Object.entries(settings.columns)) {
      const used = new Set<string>();
      for (const [key, name] of Object.entries(columns)) {
        if (name === null) continue;
        if (used.has(name)) refuse(["columns", kind, key], "is another field's column");
        used.add(name);
      }
    }
  });

export type CsvSettings = z.infer<typeof csvSettings>;

/** @throws ConnectorError `configuration` naming every setting that is wrong. */
export function parseCsvSettings(settings: unknown): CsvSettings {
  return parseSettings("CSV", csvSettings, settings);
}

/** Those that hold people, groups and members, and with them all that are opened. */
export function filesOf({ users, groups, members, sums, maxMegabytes }: CsvSettings) {
  const named = [users, groups, members].filter((path) => path !== undefined);
  return { named, paths: sums === undefined ? named : [...named, sums], maxBytes: maxMegabytes * 1024 * 1024 };
}

/** Relative, downwards only, and the same on every system. */
function isPlainPath(text: string): boolean {
  return text.split("/").every((part) => /^[^\\:\p{Cc}]+$/u.test(part) && part !== "." && part !== "..");
}
