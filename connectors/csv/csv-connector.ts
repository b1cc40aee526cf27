import { createHash } from "node:crypto";
import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../connector.ts";
import { type OpenFile, type OpenFiles, openFiles } from "./files.ts";
import { byGroup, memberOf } from "./members.ts";
import { pulledGroup, pulledUser } from "./people.ts";
import { cancelled } from "./place.ts";
import { rowsOf } from "./rows.ts";
import { type CsvSettings, parseCsvSettings } from "./settings.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { compareSums } from "./sums.ts";

const ENTRIES_IN_PAGE = 1000;
const MEMBERS_IN_PAGE = 2000;

/**
 * Reads people, groups and members from files of comma-separated values (RFC 4180) in one folder of this machine, as
 * when people move here from another system (R66, R168).
 *
 * Complete means: all files were open together, each gave the same bytes twice, and at the end each had the identity,
 * size and times that it had at the beginning; each ends with a line end, every row has all cells, no id is missing or
 * came twice; and where a file of checksums is set, it says the same. Everything else throws.
 *
 * @param settings as `csvSettings` (settings.ts) describes them; unknown keys are refused.
 * @param folder the absolute path of the only folder that may be read from; null: none.
 * @throws ConnectorError `configuration` naming the setting; nothing is opened yet.
 */
export function csvConnector(settings: unknown, folder: string | null): Connector {
  const parsed = parseCsvSettings(settings);
  if (folder === null)
    throw new ConnectorError(
      "configuration",
      "CSV settings: this installation names no folder that files are read from",
    );
  return { read: (signal) => read(parsed, folder, signal) };
}

async function* read(
  settings: CsvSettings,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<Page, CompletenessProof, void> {
  if (signal.aborted) throw cancelled();
  const { users, groups, members, sums } = settings;
  const named = [users, groups, members].filter((path) => path !== undefined);
  const paths = sums === undefined ? named : [...named, sums];
  const files = await openFiles(folder, paths, settings.maxMegabytes * 1024 * 1024, signal);
  try {
    const read = named.map((path) => files.get(path));
    if (sums !== undefined) await compareSums(files.get(sums), read);
    const snapshot = emptySnapshot();
    for await (const page of pagesOf(settings, files, snapshot)) {
      if (signal.aborted) throw cancelled();
      snapshot.pages += 1;
      yield page;
    }
    await files.confirm();
    return {
      users: snapshot.users.size - snapshot.withheld.size,
      groups: snapshot.groups.size,
      memberships: snapshot.memberships,
      pages: snapshot.pages,
      boundAs: identityOf(read),
      oddities: snapshot.oddities,
      oddityCount: snapshot.oddityCount,
    };
  } catch (error) {
    throw signal.aborted ? cancelled() : error;
  } finally {
    await files.close();
  }
}

async function* pagesOf(settings: CsvSettings, files: OpenFiles, snapshot: Snapshot): AsyncGenerator<Page, void, void> {
  const { columns, delimiter } = settings;
  const people = rowsOf(files.get(settings.users), columns.users, { kind: "users", delimiter });
  for await (const rows of batches(people, ENTRIES_IN_PAGE)) {
    const users = rows.flatMap((row) => pulledUser(row, settings.users, columns.users, snapshot) ?? []);
    if (users.length > 0) yield { users };
  }
  const { groups: groupFile, members: memberFile } = settings;
  if (groupFile === undefined) return;
  const groups = rowsOf(files.get(groupFile), columns.groups, { kind: "groups", delimiter });
  for await (const rows of batches(groups, ENTRIES_IN_PAGE))
    yield { groups: rows.map((row) => pulledGroup(row, groupFile, columns.groups, snapshot)) };
  if (memberFile === undefined) return;
  const members = rowsOf(files.get(memberFile), columns.members, { kind: "members", delimiter });
  for await (const rows of batches(members, MEMBERS_IN_PAGE)) {
    const found = rows.flatMap((row) => memberOf(row, memberFile, columns.members, snapshot) ?? []);
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

/** Files have no reader's name; what they hold is who they are. */
function identityOf(files: readonly OpenFile[]): string {
  const hash = createHash("sha256");
  for (const { path, digest } of files) hash.update(`${digest} ${path}\n`);
  return `sha256:${hash.digest("hex")}`;
}
