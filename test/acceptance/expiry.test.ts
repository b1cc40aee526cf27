import { expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { parsePeriod, setTimeZone } from "../../src/identity/time-zone.ts";
import { testContext } from "../harness/postgres.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { makeWorld } from "../mail/world.ts";

const ctx = await testContext();
const world = await makeWorld(ctx, "acme");

async function ends(zone: string, from: string, period: string): Promise<string | undefined> {
  await inTransaction(ctx, world.actor, (tx) => setTimeZone(tx, zone));
  const [row] = await ctx.db.of(world.organization).query<{ at: Date }>({
    text: "select shift_instant($1, $2, $3::interval) as at",
    values: [world.organization, from, parsePeriod(period)],
  });
  return row?.at.toISOString();
}

/** Zone, from, period, end, beside those of test/identity/time-zone.test.ts; what the clocks there show stands behind. */
const EXAMPLES: readonly (readonly [zone: string, from: string, period: string, to: string, clocks: string])[] = [
  ["Asia/Kathmandu", "2027-01-30T18:15:00Z", "P1M", "2027-02-27T18:15:00Z", "31 January 0:00 to 28 February 0:00"],
  [
    "Asia/Kathmandu",
    "2027-01-30T18:14:59Z",
    "P1M",
    "2027-02-28T18:14:59Z",
    "30 January 23:59:59 to 28 February 23:59:59",
  ],
  ["Asia/Kathmandu", "2028-01-30T18:15:00Z", "P1M", "2028-02-28T18:15:00Z", "31 January 0:00 to 29 February 0:00"],
  [
    "Europe/Berlin",
    "2027-02-28T01:30:00Z",
    "P1M",
    "2027-03-28T01:30:00Z",
    "2:30, which that morning does not have: 3:30",
  ],
  [
    "Europe/Berlin",
    "2027-09-30T00:30:00Z",
    "P31D",
    "2027-10-31T01:30:00Z",
    "2:30, which that night has twice: the second",
  ],
  ["Europe/Berlin", "2027-01-30T23:00:00Z", "P1M", "2027-02-27T23:00:00Z", "31 January 0:00 to 28 February 0:00"],
  ["Europe/Berlin", "2028-01-31T22:59:59Z", "P1M", "2028-02-29T22:59:59Z", "31 January 23:59:59 to 29 February"],
  ["Europe/Berlin", "2027-03-31T21:30:00Z", "P1M", "2027-04-30T21:30:00Z", "31 March 23:30 to 30 April 23:30"],
  [
    "America/New_York",
    "2027-02-14T07:30:00Z",
    "P4W",
    "2027-03-14T07:30:00Z",
    "2:30, which that morning does not have: 3:30",
  ],
  [
    "America/New_York",
    "2027-10-07T05:30:00Z",
    "P1M",
    "2027-11-07T06:30:00Z",
    "1:30, which that night has twice: the second",
  ],
  ["America/New_York", "2027-10-31T23:30:00Z", "P1M", "2027-12-01T00:30:00Z", "31 October 19:30 to 30 November 19:30"],
  ["America/New_York", "2027-02-01T03:00:00Z", "P1M", "2027-03-01T03:00:00Z", "31 January 22:00 to 28 February 22:00"],
  [
    "Pacific/Apia",
    "2011-11-30T21:00:00Z",
    "P1M",
    "2011-12-30T21:00:00Z",
    "30 November 11:00 to the 30 December that was not",
  ],
  ["Pacific/Apia", "2027-01-31T10:30:00Z", "P1M", "2027-02-28T10:30:00Z", "31 January 23:30 to 28 February 23:30"],
  ["UTC", "2027-01-31T00:00:00Z", "P1M", "2027-02-28T00:00:00Z", "31 January to 28 February"],
  ["UTC", "2024-02-29T00:00:00Z", "P4Y", "2028-02-29T00:00:00Z", "leap day to leap day"],
  ["UTC", "2027-10-31T00:00:00Z", "P1Y4M", "2029-02-28T00:00:00Z", "31 October to 28 February"],
];

test.each(EXAMPLES)("R148, C14: in %s from %s %s ends at %s: %s", async (zone, from, period, to) => {
  expect(await ends(zone, from, period)).toBe(new Date(to).toISOString());
});

/** What the clocks of a zone show at an instant, as if it were UTC. */
function clocks(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("sv", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(at);
  return Date.parse(`${parts.replace(" ", "T")}Z`);
}

/** The same rule once more, by the calendar of JavaScript: months to the last day that there is, then the clocks of the zone. */
function byIntl(zone: string, from: number, months: number, days: number): number {
  const shown = new Date(clocks(zone, from));
  const month = shown.getUTCMonth() + months;
  const last = new Date(Date.UTC(shown.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const wanted = Date.UTC(
    ...([shown.getUTCFullYear(), month, Math.min(shown.getUTCDate(), last) + days] as const),
    ...([shown.getUTCHours(), shown.getUTCMinutes(), shown.getUTCSeconds()] as const),
  );
  const day = 86_400_000;
  const [before, after] = [-day, day].map((apart) => wanted - (clocks(zone, wanted + apart) - (wanted + apart)));
  const there = [before, after].filter((at): at is number => at !== undefined && clocks(zone, at) === wanted);
  // Where the clocks show it twice it is the second time; where they skip it, it is as if they had not been changed.
  return there.length > 0 ? Math.max(...there) : (before as number);
}

test(`R148, R149: ${scaled(500)} periods end where another calendar has it too`, async () => {
  const next = random(seed);
  const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland"];
  for (let index = 0; index < scaled(500); index += 1) {
    const zone = zones[Math.floor(next() * zones.length)] as string;
    const from = Math.floor(Date.UTC(2024, 0, 1) / 1_000 + next() * 8 * 366 * 86_400) * 1_000;
    const [months, days] = [Math.floor(next() * 14), 1 + Math.floor(next() * 40)];
    const period = `P${months}M${days}D`;
    const told = await ends(zone, new Date(from).toISOString(), period);
    expect(told, `${zone} ${new Date(from).toISOString()} ${period}`).toBe(
      new Date(byIntl(zone, from, months, days)).toISOString(),
    );
  }
});
