import { expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { setLocale } from "../../src/identity/locales.ts";
import { getOrganization } from "../../src/identity/organizations.ts";
import { instantOf, parsePeriod, setTimeZone, shownInstant } from "../../src/identity/time-zone.ts";
import { testContext } from "../harness/postgres.ts";
import { makeWorld } from "../mail/world.ts";

const ctx = await testContext();
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
const inZone = (zone: string) => inTransaction(ctx, world.actor, (tx) => setTimeZone(tx, zone));

/** Zone, from, period, to: month ends, leap years, both changes of the clocks, zones that skip a day or change at midnight. */
const EXAMPLES = `
UTC                2027-01-31T12:00:00Z  P1M      2027-02-28T12:00:00Z
UTC                2028-01-31T12:00:00Z  P1M      2028-02-29T12:00:00Z
UTC                2028-02-29T12:00:00Z  P1Y      2029-02-28T12:00:00Z
UTC                2027-03-31T12:00:00Z  P1M      2027-04-30T12:00:00Z
UTC                2027-12-31T23:59:59Z  P2M      2028-02-29T23:59:59Z
UTC                2027-01-31T12:00:00Z  P1M1D    2027-03-01T12:00:00Z
UTC                2027-01-01T00:00:00Z  P2W      2027-01-15T00:00:00Z
Europe/Berlin      2027-03-27T11:00:00Z  P1D      2027-03-28T10:00:00Z
Europe/Berlin      2027-03-27T11:00:00Z  PT24H    2027-03-28T11:00:00Z
Europe/Berlin      2027-03-27T01:30:00Z  P1D      2027-03-28T01:30:00Z
Europe/Berlin      2027-10-30T10:00:00Z  P1D      2027-10-31T11:00:00Z
Europe/Berlin      2027-10-30T10:00:00Z  P1DT2H   2027-10-31T13:00:00Z
Europe/Berlin      2027-01-31T23:30:00Z  P1M      2027-02-28T23:30:00Z
Europe/Berlin      2027-01-30T23:30:00Z  P1M      2027-02-27T23:30:00Z
Europe/Berlin      2026-11-22T10:00:00Z  P6M      2027-05-22T09:00:00Z
America/New_York   2027-03-13T17:00:00Z  P1D      2027-03-14T16:00:00Z
America/New_York   2027-10-07T16:00:00Z  P30D     2027-11-06T16:00:00Z
America/New_York   2027-10-09T16:00:00Z  P30D     2027-11-08T17:00:00Z
Pacific/Auckland   2027-01-31T12:00:00Z  P1M      2027-02-28T12:00:00Z
Pacific/Auckland   2027-01-30T12:00:00Z  P1M      2027-02-27T12:00:00Z
Asia/Kolkata       2027-01-30T18:30:00Z  P1M      2027-02-27T18:30:00Z
America/Sao_Paulo  2018-11-03T03:00:00Z  P1D      2018-11-04T03:00:00Z
Pacific/Apia       2011-12-29T12:00:00Z  P2D      2011-12-30T12:00:00Z
`;

test.each(
  EXAMPLES.trim()
    .split("\n")
    .map((line) => line.split(/\s+/) as [string, string, string, string]),
)("R148, R149: in %s from %s %s ends at %s", async (zone, from, period, to) => {
  await inZone(zone);
  expect(parsePeriod(period)).toBe(period);
  const [row] = await db.query<{ at: Date }>({
    text: "select shift_instant($1, $2, $3::interval) as at",
    values: [world.organization, from, period],
  });
  expect(row?.at.toISOString()).toBe(new Date(to).toISOString());
});

test("R149: a period is counted from the database's now, an instant is taken as it is", async () => {
  await inZone("UTC");
  const period = parsePeriod("PT1H");
  if (!period) throw new Error("no period");
  const [row] = await db.query<{ now: Date }>({ text: "select statement_timestamp() as now" });
  const lasts = (await instantOf(db, period)).getTime() - (row?.now.getTime() ?? 0);
  expect(lasts).toBeGreaterThanOrEqual(3_600_000);
  expect(lasts).toBeLessThan(3_600_000 + 60_000);
  const at = new Date("2030-01-01T00:00:00Z");
  expect(await instantOf(db, at)).toBe(at);
});

test.each([
  "",
  "P",
  "PT",
  "P0D",
  "PT0S",
  "1M",
  "P-1M",
  "P1.5D",
  "P11Y",
  "P99999D",
  "P1D ",
  "P1M'; drop",
  "p1d",
  "PT1M1H",
  "P1D1M",
])("R149: %j is no period", (text) => {
  expect(parsePeriod(text)).toBeUndefined();
});

test.each([
  "",
  "Nowhere/City",
  "+02:00",
  "CET",
  "Europe/Berlin ",
  "posix/Europe/Berlin",
  "../etc/passwd",
  "EUROPE/BERLIN",
])("%j is no time zone of an organization", async (zone) => {
  await expect(inZone(zone)).rejects.toMatchObject({ code: "invalid", at: "timeZone" });
});

test("the organization shows language and zone, and each change once in the audit", async () => {
  await inZone("UTC");
  expect(await inZone("Europe/Berlin")).toBe(true);
  expect(await inZone("Europe/Berlin")).toBe(false);
  expect(await inTransaction(ctx, world.actor, (tx) => setLocale(tx, "de"))).toBe(true);
  expect(await getOrganization(db)).toMatchObject({ locale: "de", timeZone: "Europe/Berlin" });
  const rows = await db.query<{ detail: object }>({
    text: "select detail from audit where organization = $1 and action = 'organization.updated' order by id desc limit 2",
    values: [world.organization],
  });
  expect(rows.map(({ detail }) => detail)).toEqual([{ locale: "de" }, { timeZone: "Europe/Berlin" }]);
});

test("R72: an instant is shown in the zone and in UTC", () => {
  const at = new Date("2030-07-02T23:04:05Z");
  expect(shownInstant(at, "UTC")).toBe("2030-07-02 23:04 UTC");
  expect(shownInstant(at, "Europe/Berlin")).toBe("2030-07-03 01:04 (Europe/Berlin), 2030-07-02 23:04 UTC");
});
