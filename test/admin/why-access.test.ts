import { expect, test } from "vitest";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
const { token, people, groups } = company;

type Condition = {
  condition: string;
  met: boolean;
  because: string;
  setBy: { kind: string; userName: string | null } | null;
  remedy: { permission: string; operation: string; command: string; heldBy: { userName: string }[] } | null;
};

async function done(method: string, path: string, body?: unknown) {
  const answer = await api.ask(method, path, { token, body });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

async function why(person: string, product = "wiki") {
  const answer = await done("GET", `/users/${person}/why?product=${product}`);
  const all: Condition[] = [
    ...answer.person,
    ...answer.ways.flatMap((way: { conditions: Condition[] }) => way.conditions),
    ...answer.place,
  ];
  return { ...answer, unmet: all.filter(({ met }) => !met) };
}

test("R20, R55: whoever is in no group of a product is told which would do, and who could put them there", async () => {
  await done("POST", "/rights", {
    user: people.ada,
    bundle: "organization-administrator",
    scope: { kind: "organization" },
  });
  const told = await why(people.fay);
  expect(told).toMatchObject({ role: null, allowed: false, reason: "no-grant", ways: [] });
  expect(told.unmet).toMatchObject([
    {
      condition: "group",
      because: expect.stringContaining("local/users"),
      remedy: {
        permission: "members:write",
        operation: "groups.addMembers",
        command: "muster group add -- GROUP fay",
        heldBy: [{ userName: "ada" }],
      },
    },
  ]);
});

test("R19, R129: a refusal names all that is missing at once, the person's own state and what the product lacks", async () => {
  await done("POST", `/groups/${groups.guests.id}/members`, { users: [people.carol] });
  await done("POST", `/users/${people.carol}/suspend`, { reason: "on leave" });
  const suspended = await why(people.carol);
  expect(suspended).toMatchObject({ allowed: false, reason: "suspended" });
  expect(suspended.unmet).toMatchObject([
    { condition: "not-suspended", setBy: { kind: "api-token" }, remedy: { operation: "users.restore" } },
    { condition: "space", remedy: { permission: "guests:write", operation: "guests.assign" } },
  ]);

  await done("PATCH", "/products/wiki", { seats: 1, seatEnforcement: "block" });
  await done("POST", `/groups/${groups.users.id}/members`, { users: [people.fay] });
  const full = await why(people.fay);
  expect(full).toMatchObject({ role: "user", allowed: false, reason: "no-seat", ways: [{ counts: true }] });
  expect(full.unmet).toMatchObject([
    {
      condition: "seat",
      because: "1 seats are used and 0 reserved, of 1",
      setBy: { kind: "api-token" },
      remedy: { operation: "products.update" },
    },
  ]);
  expect(await why(people.ada)).toMatchObject({ allowed: true, reason: null, unmet: [] });
});

test("R19: a way that waits for a confirmation names the person's new record", async () => {
  const told = await why(people.eve);
  expect(told.unmet).toMatchObject([
    { condition: "person-confirmed", remedy: { operation: "users.confirm", command: "muster user confirm -- eve" } },
  ]);
  expect(told.ways).toMatchObject([{ role: "guest", counts: false }]);
});
