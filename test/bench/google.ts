import { googleWorkspaceConnector } from "../../connectors/google-workspace/google-workspace-connector.ts";
import { type FakeGroup, type FakePerson, startFakeGoogle } from "../harness/fake-google-directory.ts";
import { keyFile } from "../harness/fake-google-directory-token.ts";
import type { Options } from "./options.ts";
import { asMarkdown, asText, type Table } from "./table.ts";

/** Google's quota of one administrator, and what Muster takes of it. */
const QUOTA = 2400;
const SHARE = 0.8;
/** Milliseconds that one call takes at the stand-in, so that one call at a time could not keep up. */
const LATENCY = 150;
const ADMIN = "root@example.com";

export type GoogleSummary = {
  users: number;
  groups: number;
  /** Of each round. */
  calls: number[];
  seconds: number[];
  /** Calls a second, over what four fifths of the quota are. */
  share: number[];
  breaches: number;
};

/**
 * Reads a company from a stand-in for Google that keeps the real quota, in any minute, and measures how much of the
 * rate that Muster allows itself it makes use of.
 */
export async function benchGoogle(
  options: Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<GoogleSummary> {
  const groups = options.requests;
  const people: FakePerson[] = Array.from({ length: options.users }, (_, number) => ({
    id: String(1000 + number),
    primaryEmail: `p${number}@example.com`,
    name: { givenName: "Given", familyName: `Family${number}`, fullName: `Given Family${number}` },
    orgUnitPath: "/",
  }));
  people.push({ id: "1", primaryEmail: ADMIN, orgUnitPath: "/", isAdmin: true });
  const teams: FakeGroup[] = Array.from({ length: groups }, (_, number) => ({
    id: `g${number}`,
    email: `g${number}@example.com`,
    name: `Group ${number}`,
    members: Array.from({ length: Math.min(20, options.users) }, (_none, place) => {
      const { id, primaryEmail: email } = people[(number * 7 + place) % options.users] ?? { id: "1" };
      return { id, ...(email === undefined ? {} : { email }), type: "USER" };
    }),
  }));
  const company = { customer: "C0bench01", domains: [], deleted: [], units: [], hidden: [], people, groups: teams };
  const summary: GoogleSummary = { users: options.users, groups, calls: [], seconds: [], share: [], breaches: 0 };
  for (let round = 1; round <= options.rounds; round++) {
    const fake = await startFakeGoogle(company, { latency: LATENCY, quota: { calls: QUOTA, windowMs: 60_000 } });
    try {
      const connector = googleWorkspaceConnector({ admin: ADMIN, endpoint: fake.url }, keyFile());
      const began = performance.now();
      const pages = connector.read(signal);
      for (let next = await pages.next(); !next.done; ) next = await pages.next();
      const seconds = (performance.now() - began) / 1000;
      summary.calls.push(fake.calls);
      summary.seconds.push(seconds);
      summary.share.push(fake.calls / seconds / ((QUOTA * SHARE) / 60));
      summary.breaches += fake.breaches;
      say(`round ${round}: ${fake.calls} calls in ${seconds.toFixed(1)} s, ${fake.breaches} over the quota`);
    } finally {
      await fake.stop();
    }
  }
  return summary;
}

const NOTES =
  `A stand-in for Google's Directory API on the same machine answers after ${LATENCY} ms and refuses more than ${QUOTA} calls ` +
  `in any 60 s. Muster's own rate is ${SHARE * 100} % of that; what it saved up before the first call counts too, so a short read ` +
  "can be above 100 %. People and groups are listed page after page, which no read can do faster than Google answers.";

function table({ users, groups, calls, seconds, share, breaches }: GoogleSummary): Table {
  return {
    title: `Google Workspace: ${users} people, ${groups} groups`,
    head: ["", "median", "lowest", "highest"],
    rows: [
      ["calls", ...three(calls, 0)],
      ["seconds", ...three(seconds, 1)],
      [
        "% of the rate allowed",
        ...three(
          share.map((one) => one * 100),
          1,
        ),
      ],
      ["calls over the quota", String(breaches), "", ""],
    ],
  };
}

function three(values: readonly number[], digits: number): string[] {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return [middle, Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
}

export function googleReport(summary: GoogleSummary): string {
  return `${asText(table(summary))}\n\n${NOTES}\n`;
}

/** The page's part on Google. */
export function googlePart(summary: GoogleSummary): string {
  const shown = table(summary);
  return [`## ${shown.title}`, asMarkdown(shown), NOTES].join("\n\n");
}
