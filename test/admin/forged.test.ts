import { expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { createToken, revokeToken } from "../../src/identity/tokens.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { makePlaces, newPerson } from "./actors.ts";
import { requestsNear } from "./placed-requests.ts";
import { apiServer, makeCompany } from "./world.ts";

// So that each request can come from an address of its own: guesses from one address are soon not even looked at.
const api = await apiServer({ config: { trustedProxies: ["loopback"] } });
const company = await makeCompany(api, "acme");
const near = await requestsNear(api, company, await makePlaces(api, company));

/** Tokens that were or are good for something, and open nothing of what is asked for here. */
const dead = await api.write(company.organization, async (tx) => {
  const revoked = await createToken(tx, { administration: true });
  await revokeToken(tx, revoked.id);
  const expired = await createToken(tx, { administration: true });
  const ended = await newPerson(tx, company, "ended");
  for (const account of [ended.account, company.people.ada])
    await giveRight(tx, [EVERYTHING], {
      account,
      bundle: "organization-administrator",
      scope: { kind: "organization" },
    });
  const gone = await createToken(tx, { administration: true, owner: ended.account });
  await suspendAccount(tx, ended.account, null);
  const nobody = await newPerson(tx, company, "nobody");
  const own = await createToken(tx, { administration: true, owner: nobody.account });
  const scim = await createToken(tx, { directory: company.okta.id });
  return { revoked, expired, gone, own, scim };
});
await statements(api.ctx.database.superuserUrl, [
  `update muster.tokens set expires_at = now() - interval '1 second' where id = '${dead.expired.id}'`,
]);

const LIVE = [company.token, dead.own.token, dead.scim.token];
// test/admin/matrix.test.ts fails for a route without a request.
const closed = routes.filter((route) => typeof route.guard !== "string" && near.has(route.id));
const next = random(seed);
const below = (most: number) => Math.floor(next() * most);
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

/** A token that is none, or none any more, or no token of somebody who may. */
function forged(): string | null {
  const letter = "0123456789ABCDEFabcdefxyz_-. %"[below(30)] as string;
  const token = pick(LIVE);
  const at = below(token.length);
  return pick([
    () => null,
    () => "",
    () => token.slice(0, at) + (token[at] === letter ? "~" : letter) + token.slice(at + 1),
    () => token.slice(0, at) + token.slice(at + 1),
    () => token.slice(0, at) + letter + token.slice(at),
    () =>
      token.replace(/^mst_[a-z]+_/, `mst_${pick(["scim", "inv", "lnk", "cli", "ses", "x", ""])}_`) + pick(["", "0"]),
    () => token.toUpperCase(),
    () => `${token},${token}`,
    () => [...token].reverse().join(""),
    // Well formed, with a good checksum.
    () => newTokenText("api"),
    () => newTokenText(pick(["scim", "ses", "cli"])),
    () => dead.revoked.token,
    () => dead.expired.token,
    () => dead.gone.token,
    () => dead.scim.token,
    // Live, and of somebody who may nothing.
    () => dead.own.token,
    () => dead.own.token,
    () => dead.own.token,
  ])();
}

/** A path near to one that is served. */
function mutated(path: string): string {
  const at = 1 + below(Math.max(1, path.length - 1));
  return pick([
    () => path,
    () => `${path}/`,
    () => `/${path}`,
    () => path.toUpperCase(),
    () => path.replaceAll("/", "//"),
    () => path.replace(/\/([^/]*)$/, "/./$1"),
    () => path.replace(/\/([^/]*)$/, "/x/../$1"),
    () => `${path}/..${path}`,
    () => `/openapi.json/..${path}`,
    () => `/me/../..${path}`,
    () => path.replaceAll("/", "%2f").replace("%2f", "/"),
    () => `${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`,
    () => `${path};x=1`,
    () => `${path}%00`,
    () => `${path}%20`,
    () => `${path}.json`,
    () => `${path}?access_token=${company.token}`,
    () => `${path}?token=${company.token}&authorization=Bearer%20${company.token}`,
    () => `${path}#${company.token}`,
    () =>
      path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, () =>
        pick(["*", "0", "null", "undefined", "__proto__", "%2e%2e", "me"]),
      ),
  ])();
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"];

function headers(route: (typeof closed)[number], address: number): Record<string, string> {
  const from = `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`;
  const trick = pick<Record<string, string>>([
    {},
    {},
    { "x-http-method-override": route.method },
    { "x-original-url": "/api/v1/openapi.json" },
    { "x-rewrite-url": "/api/v1/me" },
    { "x-forwarded-host": "localhost" },
    { "x-organization": company.organization },
    { "x-api-key": company.token },
    { "proxy-authorization": `Bearer ${company.token}` },
    { cookie: `token=${company.token}; __Host-muster=${newTokenText("ses")}` },
    { cookie: `__Host-muster=${company.token}`, origin: "http://localhost" },
  ]);
  return { ...trick, "x-forwarded-for": from };
}

const COUNT = scaled(2_000);

it(`${COUNT} forged and mutated requests without rights: none passes`, { timeout: 300_000 }, async () => {
  const seen = new Map<number, number>();
  for (let each = 0; each < COUNT; each++) {
    const route = pick(closed);
    const { path, body } = near.of(route.id);
    const method = below(4) === 0 ? pick(METHODS) : route.method;
    const asked = mutated(path);
    const token = forged();
    const answer = await api.ask(method, asked, {
      token,
      headers: headers(route, each),
      ...(method !== "GET" && method !== "HEAD" && { body: body ?? {} }),
    });
    const what = `${method} ${asked} with ${token === dead.own.token ? "a token without rights" : token}: ${answer.status} ${answer.text}`;
    expect([400, 401, 403, 404, 405, 422], what).toContain(answer.status);
    // Who may nothing learns nothing either: whether it is there, what it is like, what the body should have been.
    if (token !== dead.own.token) expect([400, 401], what).toContain(answer.status);
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
  }
  // It was the door that refused, not a limit before it.
  expect(seen.get(401)).toBeGreaterThan(COUNT / 2);
  expect(seen.get(403)).toBeGreaterThan(0);
});

it("what is asked for here is given to whoever may", async () => {
  for (const route of closed.filter(({ method }) => method === "GET")) {
    const { path } = near.of(route.id);
    const answer = await api.ask("GET", path, { token: company.token });
    expect(answer.status, `${path} ${answer.text}`).toBe(200);
  }
});
