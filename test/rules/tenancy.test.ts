import { expect, test } from "vitest";
import { removeDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { newPerson } from "../admin/actors.ts";
import { apiServer } from "../admin/world.ts";
import { ruled } from "./company.ts";

const api = await apiServer();
const c = await ruled(api, "acme");
const south = await c.done("POST", "/sites", { key: "south" });
await c.done("POST", "/products", { key: "wiki", site: "south" });
const far = await c.done("POST", "/groups", { name: "far" });
await c.done("POST", "/grants", { group: `id:${far.id}`, product: "wiki", site: "south", role: "user" });
await c.done("PUT", "/products/wiki/default-groups/user?site=south", { group: far.id });
const ofSouth = { kind: "site", id: south.id } as const;

test("R2: the same product on two sites is two products: a role on one is none on the other", async () => {
  expect(await c.rolesOf(c.people.ada)).toEqual({ "acme/wiki": "user" });
  await c.done("POST", `/groups/${far.id}/members`, { users: [c.people.fay] });
  expect(await c.rolesOf(c.people.fay)).toEqual({ "south/wiki": "user" });
});

test("R3, R15: whom somebody of one site invites comes to that site alone", async () => {
  const trusted = await c.holder("trusted", ofSouth);
  const wanted = (site: string) => ({
    emails: ["kim@far.example"],
    products: [{ product: "wiki", site, role: "user" }],
    notify: false,
  });
  expect((await c.ask("POST", "/invitations", wanted("acme"), trusted)).status).toBe(403);
  const { results } = await c.done("POST", "/invitations", wanted("south"), trusted);
  expect(await c.accept(results[0].invitation)).toBe("accepted");
  expect(await c.rolesOf(results[0].user)).toEqual({ "south/wiki": "user" });
  const members = async (site: string) =>
    (await c.done("GET", `/sites/${site}/members?limit=100`)).data.map((one: { user: { id: string } }) => one.user.id);
  expect(await members("south")).toContain(results[0].user);
  expect(await members("acme")).not.toContain(results[0].user);
});

test("R4: whether somebody administers a site or the organization is said by data, for every right", async () => {
  const scopes = async (token: string) =>
    (await c.done("GET", "/me", undefined, token)).rights.map((one: { scope: unknown; scopeName: string }) => [
      one.scope,
      one.scopeName,
    ]);
  expect(await scopes(await c.holder("site-administrator", ofSouth))).toEqual([[ofSouth, "south"]]);
  expect(await scopes(await c.holder("organization-administrator", { kind: "organization" }))).toEqual([
    [{ kind: "organization" }, null],
  ]);
  for (const experience of ["site", "organization"]) {
    await c.done("PATCH", "/settings", { experience });
    expect((await c.done("GET", "/me")).organization).toMatchObject({ experience });
  }
});

test("R5: of several sites one is named, and the answer is that site's alone", async () => {
  const unnamed = await c.ask("GET", "/products/wiki");
  expect([unnamed.status, unnamed.body.code]).toEqual([409, "conflict"]);
  for (const site of ["acme", "south"])
    expect(await c.done("GET", `/products/wiki?site=${site}`)).toMatchObject({ key: "wiki", site });
  const local = await c.holder("site-administrator", ofSouth);
  expect((await c.done("GET", "/products", undefined, local)).data).toMatchObject([{ key: "wiki", site: "south" }]);
});

test("R7, R83, C20: the same address in two organizations is two accounts; who is suspended in one, or gone from it, keeps the account there, and the other", async () => {
  const other = await ruled(api, "other");
  const here = await api.write(c.organization, (tx) => newPerson(tx, { okta: c.okta, key: "both" }, "lee"));
  const there = await api.write(other.organization, (tx) => newPerson(tx, { okta: other.okta, key: "both" }, "lee"));
  expect(here.account).not.toBe(there.account);
  for (const [company, { account }] of [
    [c, here],
    [other, there],
  ] as const)
    await company.done("POST", `/groups/${company.groups.users.id}/members`, { users: [account] });
  await c.done("POST", `/users/${here.account}/suspend`, {});
  expect(await c.rolesOf(here.account)).toEqual({});
  expect(await other.rolesOf(there.account)).toEqual({ "other/wiki": "user" });
  await api.write(c.organization, (tx) => removeDirectoryUsers(tx, c.okta.id, [here.record]));
  expect(await c.done("GET", `/users/${here.account}`)).toMatchObject({ userName: "lee", status: "deactivated" });
  expect(await c.rolesOf(here.account)).toEqual({});
  expect(await other.rolesOf(there.account)).toEqual({ "other/wiki": "user" });
});
