import { randomUUID } from "node:crypto";
import { routes } from "../../src/admin/routes.ts";
import { KEYS, type Places } from "./actors.ts";
import { type Fixture, validRequests } from "./requests.ts";
import type { Api, Company } from "./world.ts";

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What is named by its key: where it stands in a request, before and after the key. */
const KEYED = [
  ["/sites/", ""],
  ["/products/", ""],
  ['"product":"', '"'],
  ['"site":"', '"'],
] as const;

/** What only who is signed in has: told apart from what a right allows. */
export const OF_SESSIONS: Readonly<Record<string, Fixture>> = {
  "session.get": { path: "/session" },
  "session.end": { path: "/session" },
  "session.reauthenticate": { path: "/session/reauthenticate", body: { password: "what I have", code: "000000" } },
  "sessions.list": { path: "/sessions" },
  "sessions.end": { path: "/sessions/00000000-0000-7000-8000-000000000000" },
  "sessions.endAll": { path: "/sessions" },
  "session.changePassword": {
    path: "/session/password",
    body: { currentPassword: "what I have", newPassword: "something else altogether" },
  },
  "session.beginSecondFactor": { path: "/session/second-factor" },
  "session.confirmSecondFactor": { path: "/session/second-factor/confirm", body: { code: "000000" } },
  "session.removeSecondFactor": { path: "/session/second-factor" },
  "session.renewRecoveryCodes": { path: "/session/recovery-codes" },
};

/** A valid request for every route, about things that stand near; and the same about things elsewhere. */
export async function requestsNear(api: Api, c: Company, { near, far, right, token, invitation, review }: Places) {
  const product = { product: "wiki", site: c.key };
  const valid: Record<string, Fixture> = {
    ...(await validRequests(api, c)),
    ...OF_SESSIONS,
    "grants.create": { path: "/grants", body: { group: "local/empty", ...product, role: "user" } },
    "rights.get": { path: `/rights/${right}` },
    "rights.take": { path: `/rights/${right}` },
    "rights.give": {
      path: "/rights",
      body: { user: c.people.fay, bundle: "basic", scope: { kind: "site", id: c.site.id } },
    },
    "invitations.get": { path: `/invitations/${invitation}` },
    "invitations.create": {
      path: "/invitations",
      body: { emails: ["kim@elsewhere.example"], products: [{ ...product, role: "user" }], notify: false },
    },
    "invitations.resend": { path: `/invitations/${invitation}/resend` },
    "invitations.copyLink": { path: `/invitations/${invitation}/copy-link` },
    "invitations.extend": {
      path: `/invitations/${invitation}/extend`,
      body: { expiresAt: new Date(Date.now() + 20 * 86_400_000).toISOString() },
    },
    "invitations.revoke": { path: `/invitations/${invitation}/revoke` },
    "invitations.approve": { path: `/invitations/${review}/approve`, body: {} },
    "tokens.get": { path: `/tokens/${token}` },
    "tokens.create": { path: "/tokens", body: { product: c.wiki.id } },
    "tokens.revoke": { path: `/tokens/${token}/revoke` },
    "tokens.rotate": { path: `/tokens/${token}/rotate`, body: {} },
  };
  const elsewhere = ({ path, body }: Fixture, id: (at: number) => string, key: (at: number) => string): Fixture => {
    let text = JSON.stringify({ path, body });
    near.forEach((each, at) => {
      text = text.replaceAll(each, id(at));
    });
    KEYS.near(c).forEach((each, at) => {
      for (const [before, after] of KEYED) text = text.replaceAll(before + each + after, before + key(at) + after);
    });
    return JSON.parse(text) as Fixture;
  };
  const keys = [...KEYS.far, ...KEYS.unknown];
  return {
    has: (operation: string) => operation in valid,
    of(operation: string): Fixture {
      const found = valid[operation];
      if (!found) throw new Error(`test/admin/requests.ts has no request for ${operation}`);
      return found;
    },
    /** Of an operation that everybody may ask for, one that says nothing: it is refused before anything is tried. */
    open(operation: string): Fixture {
      const route = routes.find((each) => each.id === operation);
      const nobody = route?.method === "GET" && route.query ? "?organization=nobody" : "";
      return { path: `${route?.path ?? ""}${nobody}`, ...(route?.body && { body: {} }) };
    },
    far: (request: Fixture) =>
      elsewhere(
        request,
        (at) => far[at] ?? "",
        (at) => KEYS.far[at] ?? "",
      ),
    unknown: (request: Fixture, newId: () => string) => elsewhere(request, newId, (at) => KEYS.unknown[at] ?? ""),
    /** The same request of what nobody has anywhere. */
    nowhere: (request: Fixture) => JSON.parse(JSON.stringify(request).replace(UUID, () => randomUUID())) as Fixture,
    /** An answer without the names by which it was asked, which it may repeat. */
    alike: (text: string) => keys.reduce((rest, key) => rest.replaceAll(`"${key}"`, ""), text),
    /** What of the other place stands in a text. */
    namesFar: (text: string) => [...far, ...KEYS.far.map((key) => `"${key}"`)].filter((name) => text.includes(name)),
  };
}
