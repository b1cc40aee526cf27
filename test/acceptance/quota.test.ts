import { expect, test } from "vitest";
import type { AccountId } from "../../src/db/id.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { addLocalMembers } from "../../src/identity/groups.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { asGuest, asUser, company as makeCompany } from "../identity/inviting-company.ts";
import { person } from "../mail/world.ts";

const ctx = await testContext();
const MANY = scaled(200);
type Company = Awaited<ReturnType<typeof makeCompany>>;

/** Asks all at the same moment; the invitations that were made, all others being refused for want of a place. */
async function invitedOf(c: Company, wanted: readonly Parameters<Company["ask"]>[0][]) {
  const asked = await Promise.allSettled(wanted.map((one) => c.ask({ ...one, notify: false })));
  for (const one of asked) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "conflict" });
  return asked.flatMap((one) => (one.status === "fulfilled" ? one.value.results : []));
}

const places = async (c: Company) => {
  const [use] = await countSeats(c.db, [c.wiki]);
  return { seats: [use?.seats.used, use?.seats.pending], guests: [use?.guests.used, use?.guests.pending] };
};

/** The places of each case, by hand: what the product says, how many members there are, and how many guests that makes. */
test.each([
  ["fixed", 7, 0, 7],
  ["members", 3, 3, 9],
  ["paid-seats", 5, 2, 10],
] as const)(
  `R141 to R143: ${MANY} guests invited at the same moment, by %s × %i of %i members: %i come in, invited and accepted`,
  async (guestBasis, guestRatio, members, slots) => {
    const c = await makeCompany(ctx, { guestBasis, guestRatio });
    const names = Array.from({ length: members }, (_, at) => person(`member-${at}`));
    await c.write((tx) => insertDirectoryUsers(tx, c.okta, names));
    const accounts = await c.db.query<{ id: AccountId }>({
      text: "select id from accounts where organization = $1",
      values: [c.organization],
    });
    await c.write((tx) =>
      addLocalMembers(
        tx,
        c.groups.user,
        accounts.map(({ id }) => id),
      ),
    );
    const guests = Array.from({ length: MANY }, (_, at) => ({ emails: [`g${at}@x.example`], ...asGuest(c) }));
    const invited = await invitedOf(c, guests);
    expect(invited).toHaveLength(slots);
    expect(await places(c)).toMatchObject({ guests: [0, slots] });
    const tokens = [];
    for (const one of invited) tokens.push(await c.link(one));
    expect(await Promise.all(tokens.map((token) => c.open(token)))).toEqual(tokens.map(() => "accepted"));
    expect(await places(c)).toMatchObject({ guests: [slots, 0] });
    expect(await invitedOf(c, [{ emails: ["late@x.example"], ...asGuest(c) }])).toEqual([]);
  },
);

test(`R143, R156: ${MANY} users and guests invited at the same moment fill the seats and the slots exactly`, async () => {
  const c = await makeCompany(ctx, { seats: 6, seatEnforcement: "block", guestBasis: "fixed", guestRatio: 5 });
  const wanted = Array.from({ length: MANY }, (_, at) =>
    at % 2 === 0
      ? { emails: [`u${at}@x.example`], roles: asUser(c.wiki) }
      : { emails: [`g${at}@x.example`], ...asGuest(c) },
  );
  const invited = await invitedOf(c, wanted);
  expect(await places(c)).toEqual({ seats: [0, 6], guests: [0, 5] });
  const tokens = [];
  for (const one of invited) tokens.push(await c.link(one));
  await Promise.all(tokens.map((token) => c.open(token)));
  expect(await places(c)).toEqual({ seats: [6, 0], guests: [5, 0] });
});
