import { expect, test } from "vitest";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { setSignUpDomains } from "../../src/identity/domains.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { apiServer, makeCompany } from "../admin/world.ts";
import { random } from "../harness/random.ts";
import { seed } from "../harness/scale.ts";

const RACERS = 50;
const api = await apiServer();
const c = await makeCompany(api, "acme");
const racers = await api.write(c.organization, async (tx) => {
  // Of `internal` and under a domain of the organization's own: nobody else has these people.
  await setSignUpDomains(tx, ["acme.example"]);
  const made = [];
  for (let each = 0; each < RACERS; each++) {
    const account = await addPerson(tx, { email: `racer-${each}@acme.example` });
    const wanted = { account, bundle: "organization-administrator", scope: { kind: "organization" } } as const;
    const { id: right } = await giveRight(tx, [EVERYTHING], wanted);
    made.push({ account, right, token: (await createToken(tx, { administration: true, owner: account })).token });
  }
  return made;
});
type Racer = (typeof racers)[number];

/** Everything by which one administrator ends another's rights. */
const VERBS: readonly ((racer: Racer) => [method: string, path: string, body?: unknown])[] = [
  ({ right }) => ["DELETE", `/rights/${right}`],
  ({ account }) => ["POST", `/users/${account}/suspend`, {}],
  ({ account }) => ["POST", `/users/${account}/deactivate`, {}],
  ({ account }) => ["POST", `/users/${account}/revoke-access`, {}],
  ({ account }) => ["POST", `/users/${account}/remove`, {}],
  ({ account }) => ["POST", `/users/${account}/erase`],
];

const act = (token: string, verb: (typeof VERBS)[number], racer: Racer) => {
  const [method, path, body] = verb(racer);
  return api.ask(method, path, { token, ...(body === undefined ? {} : { body }) });
};

test(`F35: of ${RACERS} administrators who end each other's rights by every verb at the same moment one stays, who cannot go either`, async () => {
  const next = random(seed);
  const statuses = new Set<number>();
  await Promise.all(
    racers.map(async ({ account, token }) => {
      const others = racers.filter((one) => one.account !== account).sort(() => next() - 0.5);
      for (const other of others) {
        const { status } = await act(token, VERBS[Math.floor(next() * VERBS.length)] as never, other);
        statuses.add(status);
        // Whoever has lost the right, or is suspended, is out of the race.
        if (status === 401 || status === 403) return;
      }
    }),
  );
  // Done; signed out; not allowed any more; gone already, in this way or another.
  expect([...statuses].filter((status) => ![200, 204, 401, 403, 404, 409].includes(status))).toEqual([]);
  const { data } = (await api.ask("GET", "/administrators?limit=100", { token: c.token })).body;
  expect(data).toHaveLength(1);
  const winner = racers.find(({ account }) => account === data[0].id) as Racer;
  for (const verb of VERBS) {
    const answer = await act(winner.token, verb, winner);
    expect([answer.status, answer.body.code]).toEqual([409, "conflict"]);
    expect(answer.body.detail).toMatch(/last administrator; make somebody else/);
  }
});
