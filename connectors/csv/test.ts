import type { ConnectorErrorCode, Page, TestStep } from "../connector.ts";
import { SAMPLES, type Seen, type Trial, tryInOrder } from "../test-steps.ts";
import { type OpenFiles, openFiles } from "./files.ts";
import { groupPages, memberPages, peoplePages } from "./pages.ts";
import { cancelled } from "./place.ts";
import { type CsvSettings, filesOf } from "./settings.ts";
import { emptySnapshot } from "./snapshot.ts";
import { compareSums } from "./sums.ts";

const HINTS: Readonly<Record<ConnectorErrorCode, string>> = {
  unreachable:
    "put it into the folder that filesDirectory (MUSTER_FILES_DIR) names, on each machine that syncs; paths begin there",
  tls: "try again",
  credentials: "let the user that Muster runs as read it",
  configuration: "correct the setting, or the file",
  limit: "raise maxMegabytes, or make the file smaller",
  incomplete: "write files under another name and rename them when they are whole, and try again",
  protocol: "mend that place, and save the file as CSV in UTF-8",
  cancelled: "try again",
};

/** Tries the settings of a directory that is read from files (`test` of the contract): the count is that of a whole read. */
export async function* testCsv(
  settings: CsvSettings,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<TestStep, void, void> {
  if (signal.aborted) throw cancelled();
  let opened: OpenFiles | undefined;
  const open = async (): Promise<OpenFiles> => {
    const { paths, maxBytes } = filesOf(settings);
    opened = await openFiles(folder, paths, maxBytes, signal);
    return opened;
  };
  try {
    for await (const step of tryInOrder(trials(settings, open), HINTS)) {
      if (signal.aborted) throw cancelled();
      yield step;
    }
  } finally {
    await opened?.close();
  }
}

function trials(settings: CsvSettings, open: () => Promise<OpenFiles>): Trial[] {
  const snapshot = emptySnapshot();
  const { named } = filesOf(settings);
  // There when the step that needs `base` is tried.
  let files: OpenFiles;
  return [
    { name: "settings", attempt: () => ({ detail: `reads ${named.join(", ")}` }) },
    {
      name: "base",
      attempt: async () => {
        files = await open();
        if (settings.sums === undefined) return { detail: "the files can be read" };
        const read = named.map((path) => files.get(path));
        await compareSums(files.get(settings.sums), read);
        return { detail: `the files can be read and are what ${settings.sums} says` };
      },
    },
    {
      name: "users",
      needs: ["base"],
      attempt: async () => {
        const samples = await samplesOf(peoplePages(settings, files, snapshot), ({ users = [] }) =>
          users.map(({ id, userName, location }) => ({ id, name: userName, location })),
        );
        if (snapshot.users.size === 0)
          return {
            verdict: "warned",
            detail: `${settings.users} holds nobody`,
            hint: "see whether it is the right file",
          };
        const { size } = snapshot.withheld;
        if (size === 0) return { detail: "these are among the people to take", samples };
        const hint = `give everybody a user name, in the column ${settings.columns.users.userName}`;
        return {
          verdict: "warned",
          detail: `${many(size, "person", "people")} without a user name would be left as they are`,
          hint,
          samples,
        };
      },
    },
    {
      name: "groups",
      needs: ["base"],
      attempt: async () => {
        if (settings.groups === undefined) return { verdict: "skipped", detail: "no file of groups is named" };
        const samples = await samplesOf(groupPages(settings, files, snapshot), ({ groups = [] }) => groups);
        return samples.length > 0
          ? { detail: "these are among the groups to take", samples }
          : {
              verdict: "warned",
              detail: `${settings.groups} holds no group`,
              hint: "see whether it is the right file",
            };
      },
    },
    {
      name: "count",
      needs: ["users", "groups"],
      attempt: async () => {
        await files.confirm();
        const people = snapshot.users.size - snapshot.withheld.size;
        return {
          detail: `${many(people, "person", "people")} and ${many(snapshot.groups.size, "group")} would be taken`,
        };
      },
    },
    {
      name: "members",
      needs: ["users", "groups"],
      attempt: async () => {
        if (settings.members === undefined) return { verdict: "skipped", detail: "no file of members is named" };
        const { oddityCount, oddities } = snapshot;
        const from = oddities.length;
        for await (const _ of memberPages(settings, files, snapshot));
        await files.confirm();
        const strangers = snapshot.oddityCount - oddityCount;
        const samples = oddities
          .slice(from, from + SAMPLES)
          .map(({ location, detail }) => ({ id: "", name: detail, location }));
        return membersSeen(snapshot.memberships, strangers, samples);
      },
    },
  ];
}

function membersSeen(taken: number, strangers: number, samples: TestStep["samples"]): Seen {
  const detail = `${taken} of ${taken + strangers} memberships would be taken`;
  if (strangers === 0) return { detail };
  const hint = "members are named by the ids of the files of users and groups, letter by letter";
  return { verdict: "warned", detail: `${detail}; the others name nobody in the files`, hint, samples };
}

/** Reads all pages; the first few of what they hold. */
async function samplesOf(
  pages: AsyncIterable<Page>,
  look: (page: Page) => TestStep["samples"],
): Promise<TestStep["samples"]> {
  const samples: TestStep["samples"][number][] = [];
  for await (const page of pages) samples.push(...look(page).slice(0, SAMPLES - samples.length));
  return samples;
}

function many(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}
