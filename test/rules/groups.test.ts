import { expect, test } from "vitest";
import { apiServer } from "../admin/world.ts";
import { ruled } from "./company.ts";

const api = await apiServer();
const c = await ruled(api, "acme");
const product = (await c.done("POST", "/tokens", { product: c.wiki.id })).token;
const check = (user: string) => c.done("POST", "/access/check", { product: "wiki", user: { id: user } }, product);
const filter = (text: string) => `?filter=${encodeURIComponent(text)}`;

test("R44, R45: groups in an invitation; the role on every product that they reach is told before it is sent", async () => {
  const everywhere = await c.done("POST", "/groups", { name: "everywhere" });
  await c.done("POST", "/grants", { group: `id:${everywhere.id}`, product: "wiki", role: "guest" });
  await c.done("POST", "/grants", { group: `id:${everywhere.id}`, product: "tracker", role: "user" });
  const wanted = { emails: ["kim@x.example"], groups: [everywhere.id], notify: false };
  const preview = await c.done("POST", "/invitations?dryRun=true", wanted);
  const roles = (effects: { product: string; role: string }[]) =>
    effects.map((one) => `${one.product} ${one.role}`).sort();
  expect(roles(preview.result.effects)).toEqual(["tracker user", "wiki guest"]);
  const { results } = await c.done("POST", "/invitations", wanted);
  await c.accept(results[0].invitation);
  const members = (await c.done("GET", `/groups/${everywhere.id}/members`)).data;
  expect(members).toMatchObject([{ user: { id: results[0].user } }]);
});

test("R46: a group is made, found by its name and opened", async () => {
  const { id } = await c.done("POST", "/groups", { name: "Night shift" });
  const { data } = await c.done("GET", `/groups${filter('name eq "night SHIFT"')}`);
  expect(data).toMatchObject([{ id, name: "Night shift" }]);
  expect(await c.done("GET", `/groups/${id}`)).toMatchObject({ id, name: "Night shift" });
});

test("R47: a group has a role per product and site; with guest it makes guests there, and nowhere else", async () => {
  await c.done("POST", "/sites", { key: "south" });
  await c.done("POST", "/products", { key: "wiki", site: "south", hasGuests: true });
  const { id } = await c.done("POST", "/groups", { name: "partners" });
  const grant = { group: `id:${id}`, product: "wiki" };
  await c.done("POST", "/grants", { ...grant, site: "acme", role: "guest" });
  await c.done("POST", "/grants", { ...grant, site: "south", role: "user" });
  const { data } = await c.done("GET", `/grants?group=${id}`);
  expect(data.map((one: { site: string; role: string }) => `${one.site} ${one.role}`).sort()).toEqual([
    "acme guest",
    "south user",
  ]);
  await c.done("POST", `/groups/${id}/members`, { users: [c.people.carol] });
  const { access } = await c.done("GET", `/users/${c.people.carol}/access`);
  const role = (site: string) =>
    access.find((one: { site: string; product: string }) => one.site === site && one.product === "wiki").role;
  expect([role("acme"), role("south")]).toEqual(["guest", "user"]);
});

test("R52, R56: whoever is added by hand has nothing until a group gives it, as everybody", async () => {
  const { id } = await c.done("POST", "/users", { email: "contractor@x.example" });
  expect(await check(id)).toMatchObject({ allowed: false, reason: "no-grant" });
  await c.done("POST", `/groups/${c.groups.users.id}/members`, { users: [id] });
  expect(await check(id)).toMatchObject({ allowed: true, role: "user" });
});

test("R53: what taking somebody out of their only group with access does is told before it is done", async () => {
  const path = `/groups/${c.groups.users.id}/members/${c.people.ada}`;
  const dry = await c.done("DELETE", `${path}?dryRun=true`);
  expect(dry.impact.access).toMatchObject({ named: [{ from: { allowed: true }, to: { allowed: false } }] });
  expect((await check(c.people.ada)).allowed).toBe(true);
  await c.done("DELETE", path);
  expect(await check(c.people.ada)).toMatchObject({ allowed: false, reason: "no-grant" });
});

test("R57: the groups that open a product are found from it, whichever site and directory they are of", async () => {
  const { data } = await c.done("GET", "/grants?product=wiki&site=acme");
  expect(data.map((one: { group: { name: string } }) => one.group.name)).toEqual(
    expect.arrayContaining(["owners", "users", "guests"]),
  );
});

test("R87: everybody's status stands in the list of people", async () => {
  const { data } = await c.done("GET", "/users?limit=100");
  const words = ["invited-not-sent", "invited", "active", "suspended", "deactivated"];
  expect(data.length).toBeGreaterThan(5);
  for (const { status } of data) expect(words).toContain(status);
  expect(data.find((one: { userName: string }) => one.userName === "dave").status).toBe("suspended");
});
