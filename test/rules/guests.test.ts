import { expect, test } from "vitest";
import { apiServer } from "../admin/world.ts";
import { ruled } from "./company.ts";

const api = await apiServer();
const c = await ruled(api, "acme");
await c.done("POST", "/products/wiki/spaces", { key: "plans" });
const product = (await c.done("POST", "/tokens", { product: c.wiki.id })).token;
const may = async (user: string, space?: string) =>
  (await c.done("POST", "/access/check", { product: "wiki", user: { id: user }, ...(space && { space }) }, product))
    .allowed;

test("R54, R132: a guest is invited to one named space of one product, and without one there is nothing to use", async () => {
  const guest = { emails: ["gus@x.example"], products: [{ product: "wiki", role: "guest" }], notify: false };
  const elsewhere = { ...guest, spaces: [{ product: "wiki", space: "attic" }] };
  expect((await c.ask("POST", "/invitations", elsewhere)).status).toBe(404);
  const { results } = await c.done("POST", "/invitations", { ...guest, spaces: [{ product: "wiki", space: "docs" }] });
  await c.accept(results[0].invitation);
  expect([await may(results[0].user, "docs"), await may(results[0].user, "plans")]).toEqual([true, false]);
  expect(await c.rolesOf(results[0].user)).toEqual({ "acme/wiki": "guest" });
  const without = await c.done("POST", "/invitations", { ...guest, emails: ["gil@x.example"] });
  await c.accept(without.results[0].invitation);
  expect(await may(without.results[0].user)).toBe(false);
});

test("R69: a guest is mailed, whether invited to the organization first or to the space at once", async () => {
  const guest = { products: [{ product: "wiki", role: "guest" }], notify: true };
  await c.done("POST", "/invitations", { ...guest, emails: ["first@x.example"] });
  await c.done("POST", "/invitations", {
    ...guest,
    emails: ["at-once@x.example"],
    spaces: [{ product: "wiki", space: "docs" }],
  });
  expect(await c.mails()).toEqual(expect.arrayContaining(["first@x.example", "at-once@x.example"]));
});

test("R138: somebody who is here already becomes guest of a space by an administrator's hand, and is not mailed", async () => {
  const before = await c.mails();
  await c.done("POST", `/groups/${c.groups.guests.id}/members`, { users: [c.people.fay] });
  expect(await may(c.people.fay, "docs")).toBe(false);
  await c.done("POST", "/guests", { user: c.people.fay, product: "wiki", space: "docs" });
  expect(await may(c.people.fay, "docs")).toBe(true);
  expect(await c.mails()).toEqual(before);
});

test("R151: the list of guests and the person say when a stay ends", async () => {
  const [{ id }] = (await c.done("GET", `/guests?user=${c.people.bob}`)).data;
  const ends = "2100-01-01T00:00:00.000Z";
  await c.done("POST", `/guests/${id}/extend`, { expiresAt: ends });
  expect((await c.done("GET", `/guests?user=${c.people.bob}`)).data).toMatchObject([{ id, expiresAt: ends }]);
  const { access } = await c.done("GET", `/users/${c.people.bob}/access`);
  expect(access.find((one: { product: string }) => one.product === "wiki").spaces).toMatchObject([{ expiresAt: ends }]);
});
