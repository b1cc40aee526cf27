import { mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contents } from "../conformance.ts";

/** A folder of its own for CSV files, and what of it this process holds open. */
export type CsvFolder = {
  path: string;
  write(file: string, text: string | Buffer): Promise<void>;
  held(): Promise<number>;
  remove(): Promise<void>;
};

export async function csvFolder(): Promise<CsvFolder> {
  const path = await mkdtemp(join(tmpdir(), "muster-csv-"));
  return {
    path,
    write: (file, text) => writeFile(join(path, file), text),
    held: async () => {
      const open = await readdir("/proc/self/fd");
      const places = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
      return places.filter((place) => place.startsWith(path)).length;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Rows as RFC 4180 wants them. */
export function csv(rows: readonly (readonly (string | null)[])[], end = "\r\n"): string {
  return rows.map((row) => `${row.map(cell).join(",")}${end}`).join("");
}

function cell(text: string | null): string {
  return /[",\r\n]/.test(text ?? "") ? `"${text?.replaceAll('"', '""')}"` : (text ?? "");
}

export const USER_HEADINGS = ["id", "userName", "active", "email", "displayName", "givenName", "familyName"];

/** These people and groups as the rows of three files, headings included. */
export function csvRows({ users, groups }: Contents) {
  return {
    users: [
      USER_HEADINGS,
      ...users.map((user) => [
        ...[user.id, user.userName, String(user.active), user.email],
        ...[user.displayName, user.givenName, user.familyName],
      ]),
    ],
    groups: [["id", "name"], ...groups.map(({ id, name }) => [id, name])],
    members: [
      ["group", "user", "subgroup"],
      ...groups.flatMap(({ id, users, groups, strangers = 0 }) => [
        ...users.map((user) => [id, user, ""]),
        ...groups.map((inner) => [id, "", inner]),
        ...Array.from({ length: strangers }, (_, number) => [id, `stranger-${number}`, ""]),
      ]),
    ],
  };
}

export const SETTINGS = { users: "users.csv", groups: "groups.csv", members: "members.csv" };
