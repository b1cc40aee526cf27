import { expect, test } from "vitest";
import type { Bundle } from "../../src/identity/rights/bundles.ts";
import type { RightScope } from "../../src/identity/rights/permissions.ts";
import { apiServer } from "../admin/world.ts";
import { ruled } from "./company.ts";

const api = await apiServer();
const c = await ruled(api, "acme");
const site = { kind: "site", id: c.site.id } as const;
const SCOPES: Record<Bundle, RightScope> = {
  "organization-administrator": { kind: "organization" },
  auditor: { kind: "organization" },
  "site-administrator": site,
  trusted: site,
  basic: site,
  "user-access-administrator": { kind: "product", id: c.wiki.id },
  "group-manager": { kind: "group", id: c.groups.users.id },
};
const tokens = {} as Record<Bundle, string>;
for (const [bundle, scope] of Object.entries(SCOPES) as [Bundle, RightScope][])
  tokens[bundle] = await c.holder(bundle, scope);

/** Who may do it, asked of everybody without keeping it. */
async function whoMay(method: string, path: string, body: unknown): Promise<string[]> {
  const may: string[] = [];
  for (const [bundle, token] of Object.entries(tokens)) {
    const { status } = await c.ask(method, `${path}?dryRun=true`, body, token);
    if (status < 300) may.push(bundle);
    else expect([403, 404], `${bundle} ${method} ${path}`).toContain(status);
  }
  return may;
}

const inviting = (role: string) => ({
  emails: ["kim@x.example"],
  products: [{ product: "wiki", role }],
  notify: false,
});

test("R11: administrators of the organization or the site let guests in, and nobody else", async () => {
  const both = ["organization-administrator", "site-administrator"];
  expect(await whoMay("POST", "/invitations", inviting("guest"))).toEqual(both);
  expect(await whoMay("POST", "/guests", { user: c.people.carol, product: "wiki", space: "docs" })).toEqual(both);
});

test("R12, R13: administrators of the organization alone change how people sign up, and add people by hand", async () => {
  const signUp = { mode: "open", verification: "always", notices: true, requests: true, roles: [] };
  expect(await whoMay("PUT", "/settings/sign-up", signUp)).toEqual(["organization-administrator"]);
  expect(await whoMay("POST", "/users", { email: "kim@x.example" })).toEqual(["organization-administrator"]);
});

test("R14: basic allows nothing more than the products that somebody has", async () => {
  const { permissions } = await c.done("GET", "/me", undefined, tokens.basic);
  expect(permissions).toEqual([]);
  for (const path of ["/users", "/products", "/groups", "/invitations"])
    expect((await c.ask("GET", path, undefined, tokens.basic)).status, path).toBe(403);
});

test("R15: trusted configures and adds products and invites people to them", async () => {
  const may = async (method: string, path: string, body: unknown) =>
    (await whoMay(method, path, body)).includes("trusted");
  expect(await may("POST", "/products", { key: "desk", site: "acme" })).toBe(true);
  expect(await may("PATCH", "/products/tracker", { name: "Tracker" })).toBe(true);
  expect(await may("POST", "/invitations", inviting("user"))).toBe(true);
  expect(await may("POST", "/rights", { user: c.people.carol, bundle: "basic", scope: site })).toBe(false);
});

test("R16: whoever administers the site may whatever can be done to it and its products", async () => {
  for (const [method, path, body] of [
    ["PATCH", "/sites/acme", { name: "Acme" }],
    ["POST", "/products", { key: "desk", site: "acme" }],
    ["PATCH", "/products/wiki", { seats: 5 }],
    ["POST", "/products/wiki/spaces", { key: "plans" }],
    ["POST", "/grants", { group: `id:${c.groups.empty.id}`, product: "wiki", role: "admin" }],
    ["POST", "/invitations", inviting("guest")],
    ["POST", "/rights", { user: c.people.carol, bundle: "trusted", scope: site }],
  ] as const)
    expect(await whoMay(method, path, body), `${method} ${path}`).toContain("site-administrator");
});

test("R17, C17: somebody is admin of one product and user of another, and rights are given for one product", async () => {
  const owners = await c.done("POST", "/groups", { name: "wiki owners" });
  await c.done("POST", "/grants", { group: `id:${owners.id}`, product: "wiki", role: "admin" });
  await c.done("POST", `/groups/${owners.id}/members`, { users: [c.people.fay] });
  await c.done("POST", `/groups/${c.groups.empty.id}/members`, { users: [c.people.fay] });
  expect(await c.rolesOf(c.people.fay)).toEqual({ "acme/wiki": "admin", "acme/tracker": "user" });
  const grant = (product: string) => ({ group: `id:${c.groups.empty.id}`, product, role: "admin" });
  const ofWiki = tokens["user-access-administrator"];
  expect((await c.ask("POST", "/grants?dryRun=true", grant("wiki"), ofWiki)).status).toBe(200);
  expect((await c.ask("POST", "/grants?dryRun=true", grant("tracker"), ofWiki)).status).toBe(403);
});

test("R18: whoever administers a site sees its people, and not the organization's", async () => {
  const local = tokens["site-administrator"];
  expect((await c.ask("GET", "/users", undefined, local)).status).toBe(403);
  const { data } = await c.done("GET", "/sites/acme/members?limit=100", undefined, local);
  expect(data.map((one: { user: { userName: string } }) => one.user.userName)).toContain("ada");
  expect((await c.ask("GET", "/users", undefined, tokens["organization-administrator"])).status).toBe(200);
});
