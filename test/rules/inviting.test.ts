import { expect, test } from "vitest";
import { signUp, useLink } from "../../src/identity/joining.ts";
import { findLink } from "../../src/identity/links.ts";
import { hashToken } from "../../src/identity/token-form.ts";
import { newPerson } from "../admin/actors.ts";
import { apiServer } from "../admin/world.ts";
import { ruled } from "./company.ts";

const api = await apiServer({ config: { mail: { smtpUrl: "smtp://mail.example.com" } as never } });
const c = await ruled(api, "acme");
let strangers = 0;
const stranger = (email: string) => {
  strangers += 1;
  return { email, name: null, message: null, network: `198.51.100.${strangers}`, requestId: null };
};
const signsUp = (email: string) => signUp(api.ctx, c.organization, stranger(email));
const invite = async (emails: string, wanted: object = {}) =>
  c.done("POST", "/invitations", { emails: [emails], notify: false, ...wanted });
const people = async () => (await c.done("GET", "/users?limit=100")).data.map((one: { email: string }) => one.email);

test("R35: an invitation without any group or product is one", async () => {
  const { results, effects } = await invite("kim@x.example");
  expect([results[0].verdict, effects]).toEqual(["invited", []]);
  expect(await c.accept(results[0].invitation)).toBe("accepted");
  expect(await c.rolesOf(results[0].user)).toEqual({});
});

test("R40, R41: one invitation gives a role in each of several products, by their default groups, through which it is changed later", async () => {
  const products = ["wiki", "tracker"].map((product) => ({ product, role: "user" }));
  const { results } = await invite("lou@x.example", { products });
  const [{ user }] = results;
  await c.accept(results[0].invitation);
  expect(await c.rolesOf(user)).toEqual({ "acme/wiki": "user", "acme/tracker": "user" });
  await c.done("DELETE", `/groups/${c.groups.empty.id}/members/${user}`);
  expect(await c.rolesOf(user)).toEqual({ "acme/wiki": "user" });
});

test("R90, R99: the link of an invitation to an address is made over the API, to be passed on by hand or sent", async () => {
  const { results } = await invite("max@x.example", { products: [{ product: "wiki", role: "user" }] });
  const path = `/invitations/${results[0].invitation}`;
  expect(await c.done("GET", path)).toMatchObject({ email: "max@x.example", delivery: "not-requested" });
  const { link } = await c.done("POST", `${path}/copy-link`, {});
  expect(link).toMatch(/\/i\/mst_inv_\w{49}$/);
  expect(await c.mails()).not.toContain("max@x.example");
  await c.done("POST", `${path}/resend`, {});
  expect(await c.mails()).toContain("max@x.example");
  expect(await c.accept(results[0].invitation)).toBe("accepted");
});

test("R115, R116: what an address's domain could be let sign up for is offered, and stands once it is said", async () => {
  await c.done("PUT", "/settings/sign-up-domains", { domains: ["acme.example"] });
  const wiki = { product: "wiki", role: "user" };
  const settings = { mode: "restricted", roles: [{ ...wiki, domain: "partner.example" }] };
  await c.done("PUT", "/settings/sign-up", settings);
  const offer = async (email: string) => (await c.done("GET", `/settings/sign-up/test?email=${email}`)).offer;
  expect(await offer("ann@acme.example")).toBeNull();
  expect(await offer("ann@co.uk")).toBeNull();
  expect(await offer("ann@partner.example")).toBe("partner.example");
  await signsUp("bob@partner.example");
  expect(await people()).not.toContain("bob@partner.example");
  await c.done("PUT", "/settings/sign-up-domains", { domains: ["acme.example", await offer("ann@partner.example")] });
  expect(await offer("ann@partner.example")).toBeNull();
  await signsUp("bob@partner.example");
  expect(await people()).toContain("bob@partner.example");
  expect(await c.mails()).toContain("bob@partner.example");
});

test("R115, R116, R117: an invitation names the domains of its addresses, and one of them is let in to a product by a word", async () => {
  await c.done("PUT", "/settings/sign-up-domains", { domains: ["acme.example"] });
  await c.done("PUT", "/settings/sign-up", { mode: "restricted" });
  const emails = ["kim@friend.example", "lou@friend.example", "ann@acme.example", "ann@co.uk", "no address"];
  const { status, body } = await c.ask("POST", "/invitations?dryRun=true", { emails, groups: [] });
  expect([status, body.result?.signUpOffer]).toEqual([200, [{ domain: "friend.example", people: 2 }]]);
  const allowed = { domain: "friend.example", products: [{ product: "wiki" }] };
  expect(await c.done("POST", "/settings/sign-up/domains", allowed)).toMatchObject({
    mode: "restricted",
    roles: [{ product: "wiki", role: "user", domain: "friend.example", needsApproval: false }],
  });
  expect(await c.done("GET", "/settings/sign-up/test?email=kim@friend.example")).toMatchObject({
    allowed: true,
    offer: null,
  });
  expect((await c.ask("POST", "/invitations?dryRun=true", { emails })).body.result.signUpOffer).toEqual([]);
});

test("R101: a link tells what each use of it costs, a seat or a free guest slot, and how many are left", async () => {
  const link = async (role: string, more: object = {}) =>
    (await c.done("POST", "/links", { label: role, products: [{ product: "wiki", role }], ...more })).link;
  const paid = await link("user");
  expect(paid.roles).toMatchObject([{ product: "wiki", role: "user", takes: "seat", left: null }]);
  const free = await link("guest", { spaces: [{ product: "wiki", space: "docs" }] });
  expect(free.roles).toMatchObject([{ product: "wiki", role: "guest", takes: "guest-slot" }]);
  await c.done("PATCH", "/products/wiki", { seats: 50 });
  const wiki = (await c.done("GET", "/seats")).data.find((one: { product: string }) => one.product === "wiki");
  const left = 50 - wiki.seats.used - wiki.seats.pending;
  expect((await c.done("GET", `/links/${paid.id}`)).roles).toMatchObject([{ takes: "seat", left }]);
  await c.done("PATCH", "/products/wiki", { seats: null });
});

test("R118, R119: guests of any domain are invited, whatever domains are listed or nobody's", async () => {
  for (const domains of [[], ["acme.example"]]) {
    await c.done("PUT", "/settings/sign-up-domains", { domains });
    const { results } = await invite(`gus${domains.length}@elsewhere.example`, {
      products: [{ product: "wiki", role: "guest" }],
      spaces: [{ product: "wiki", space: "docs" }],
    });
    expect(await c.accept(results[0].invitation)).toBe("accepted");
    expect(await c.rolesOf(results[0].user)).toEqual({ "acme/wiki": "guest" });
  }
});

test("R120: whoever is nobody takes no seat, however often a product asks for them", async () => {
  const seats = async () => (await c.done("GET", "/seats")).data;
  const before = await seats();
  const product = (await c.done("POST", "/tokens", { product: c.wiki.id })).token;
  for (const user of [{ email: "nobody@x.example" }, { userName: "anonymous" }])
    expect(await c.done("POST", "/access/check", { product: "wiki", user, seen: true }, product)).toMatchObject({
      allowed: false,
      reason: "unknown",
    });
  expect(await seats()).toEqual(before);
});

test("R102, R112: people come by signing up, by a link, by an administrator's hand and from a directory; the latter ones however signing up is set", async () => {
  await c.done("PUT", "/settings/sign-up-domains", { domains: ["acme.example"] });
  for (const mode of ["off", "restricted", "open"]) {
    await c.done("PUT", "/settings/sign-up", { mode });
    const { url } = await c.done("POST", "/links", { label: mode, products: [{ product: "wiki", role: "user" }] });
    const hash = hashToken(url.split("/l/")[1]);
    const found = await findLink(api.ctx.db, hash);
    await signsUp(`${mode}-signs-up@acme.example`);
    if (found) await useLink(api.ctx, found, hash, stranger(`${mode}-link@acme.example`));
    await c.done("POST", "/users", { email: `${mode}-added@acme.example` });
    const { results } = await invite(`${mode}-invited@acme.example`);
    expect(results).toMatchObject([{ verdict: "invited" }]);
    await api.write(c.organization, (tx) => newPerson(tx, c, `${mode}-directory`));
    const ways = ["signs-up", "link", "added", "invited", "directory"].map((way) => `${mode}-${way}@acme.example`);
    const came = (await people()).filter((email: string) => ways.includes(email));
    expect(came.sort()).toEqual(ways.filter((way) => way !== "off-signs-up@acme.example").sort());
  }
});

test("R122, R124: of somebody who signed up every administrator in force hears, without anybody having said so", async () => {
  const right = { bundle: "organization-administrator", scope: { kind: "organization" } };
  for (const user of [c.people.ada, c.people.bob, c.people.dave]) await c.done("POST", "/rights", { user, ...right });
  await c.done("PUT", "/settings/sign-up", { mode: "open" });
  await signsUp("will@x.example");
  const pending = encodeURIComponent('email eq "will@x.example"');
  const [{ id }] = (await c.done("GET", `/invitations?filter=${pending}`)).data;
  const before = (await c.mails()).length;
  expect(await c.accept(id)).toBe("accepted");
  const mails = await c.mails();
  // The newest first; Dave is suspended.
  expect(mails.slice(0, mails.length - before).sort()).toEqual(["ada@acme.example", "bob@acme.example"]);
});

test("R105: whoever signs up is known by what they typed", async () => {
  await c.done("PUT", "/settings/sign-up", { mode: "open" });
  await signsUp("Zoe.Quinn@Elsewhere.example");
  const { data } = await c.done("GET", `/users?filter=${encodeURIComponent('email eq "zoe.quinn@elsewhere.example"')}`);
  expect(data).toMatchObject([{ userName: "zoe.quinn@elsewhere.example" }]);
});

test("R179, R180: tried without keeping it, nobody is there and nothing is set; then it is, at once", async () => {
  const wanted = { email: "una@x.example" };
  expect((await c.ask("POST", "/users?dryRun=true", wanted)).status).toBe(200);
  expect(await people()).not.toContain("una@x.example");
  await c.done("POST", "/users", wanted);
  expect(await people()).toContain("una@x.example");
  const before = await c.done("GET", "/settings/sign-up");
  const off = { mode: "off", notices: false, requests: false };
  expect((await c.ask("PUT", "/settings/sign-up?dryRun=true", off)).status).toBe(200);
  expect(await c.done("GET", "/settings/sign-up")).toEqual(before);
  await c.done("PUT", "/settings/sign-up", off);
  await signsUp("vic@x.example");
  expect(await people()).not.toContain("vic@x.example");
});
