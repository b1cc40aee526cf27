import { createHash } from "node:crypto";
import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../connector.ts";
import { type OpenFile, openFiles } from "./files.ts";
import { groupPages, memberPages, peoplePages } from "./pages.ts";
import { cancelled } from "./place.ts";
import { type CsvSettings, filesOf, parseCsvSettings } from "./settings.ts";
import { emptySnapshot } from "./snapshot.ts";
import { compareSums } from "./sums.ts";
import { testCsv } from "./test.ts";

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
  return { read: (signal) => read(parsed, folder, signal), test: (signal) => testCsv(parsed, folder, signal) };
}

async function* read(
  settings: CsvSettings,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<Page, CompletenessProof, void> {
  if (signal.aborted) throw cancelled();
  const { named, paths, maxBytes } = filesOf(settings);
  const files = await openFiles(folder, paths, maxBytes, signal);
  try {
    const read = named.map((path) => files.get(path));
    if (settings.sums !== undefined) await compareSums(files.get(settings.sums), read);
    const snapshot = emptySnapshot();
    for (const pages of [peoplePages, groupPages, memberPages])
      for await (const page of pages(settings, files, snapshot)) {
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

/** Files have no reader's name; what they hold is who they are. */
function identityOf(files: readonly OpenFile[]): string {
  const hash = createHash("sha256");
  for (const { path, digest } of files) hash.update(`${digest} ${path}\n`);
  return `sha256:${hash.digest("hex")}`;
}
