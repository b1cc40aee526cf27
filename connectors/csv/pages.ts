import type { Page } from "../connector.ts";
import type { OpenFiles } from "./files.ts";
import { byGroup, memberOf } from "./members.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import { rowsOf } from "./rows.ts";
import type { CsvSettings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";

const ENTRIES_IN_PAGE = 1000;
const MEMBERS_IN_PAGE = 2000;

type Pages = AsyncGenerator<Page, void, void>;

export async function* peoplePages(settings: CsvSettings, files: OpenFiles, snapshot: Snapshot): Pages {
  const { columns, delimiter } = settings;
  const people = rowsOf(files.get(settings.users), columns.users, { kind: "users", delimiter });
  for await (const rows of batches(people, ENTRIES_IN_PAGE)) {
    const users = rows.flatMap((row) => pulledUser(row, settings.users, columns.users, snapshot) ?? []);
    if (users.length > 0) yield { users };
  }
}

export async function* groupPages(
  { groups: file, columns, delimiter }: CsvSettings,
  files: OpenFiles,
  snapshot: Snapshot,
): Pages {
  if (file === undefined) return;
  const groups = rowsOf(files.get(file), columns.groups, { kind: "groups", delimiter });
  for await (const rows of batches(groups, ENTRIES_IN_PAGE))
    yield { groups: rows.map((row) => pulledGroup(row, file, columns.groups, snapshot)) };
}

/** Before: the people and groups of `snapshot` are all that there are. */
export async function* memberPages(
  { members: file, columns, delimiter }: CsvSettings,
  files: OpenFiles,
  snapshot: Snapshot,
): Pages {
  if (file === undefined) return;
  const members = rowsOf(files.get(file), columns.members, { kind: "members", delimiter });
  for await (const rows of batches(members, MEMBERS_IN_PAGE)) {
    const found = rows.flatMap((row) => memberOf(row, file, columns.members, snapshot) ?? []);
    snapshot.memberships += found.length;
    if (found.length > 0) yield { members: byGroup(found) };
  }
}

async function* batches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[], void, void> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
