import { describe, expect, it, test } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import type { OrganizationId } from "../../src/db/id.ts";
import { statements } from "../harness/server.ts";
import { validRequests } from "./requests.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
const requests = await validRequests(api, company);
const { superuserUrl } = api.ctx.database;

/** Every table of the database but the records of PostgreSQL itself: how many rows it has and a hash of all of them. */
async function everything(): Promise<Record<string, string>> {
  const tables = await statements<{ name: string }>(superuserUrl, [
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  ]);
  // When a token was used last is written in passing, by any request.
  const rows = await statements<{ name: string; held: string }>(superuserUrl, [
    tables
      .map(
        ({ name }) => `select '${name}' as name, count(*) || ' ' ||
          coalesce(md5(string_agg(md5((to_jsonb(t) - 'last_used_at')::text), '' order by md5((to_jsonb(t) - 'last_used_at')::text))), '') as held from ${name} t`,
      )
      .join(" union all "),
  ]);
  return Object.fromEntries(rows.map(({ name, held }) => [name, held]));
}

/** What only somebody who signed in to the console can ask for; its own tests try it. */
const ELSEWHERE = /^sessions?\./;
const writes = routes.filter(
  ({ id, ...route }) => route.method !== "GET" && !("open" in route) && (id in requests || !ELSEWHERE.test(id)),
);

describe("dryRun=true", () => {
  it("is tried on every route that writes", () => {
    expect(writes.map(({ id }) => id).filter((id) => !(id in requests))).toEqual([]);
  });

  it.each(writes.map((route) => [route.id, route] as const))(
    "%s changes nothing and says what it would",
    async (id, route) => {
      const { path, body, changesNothing } = requests[id] as (typeof requests)[string];
      const before = await everything();
      const answer = await api.ask(route.method, `${path}?dryRun=true`, { token: company.token, body });
      expect(answer.status, answer.text).toBe(200);
      expect(await everything()).toEqual(before);
      if ("act" in route) return;
      expect(answer.body).toMatchObject({ dryRun: true, status: route.answer ? (route.status ?? 200) : 204 });
      if (!changesNothing) expect(answer.body.changes).not.toEqual([]);
    },
  );
});

/** What the database keeps of one request: the actions of its audit rows, in order, and the mails that it queued. */
async function keptOf(organization: string, request: string | null) {
  const db = api.ctx.db.of(organization as OrganizationId);
  const rows = await db.query<{ action: string; kind: string; transaction: string }>({
    text: `select action, subject_kind as kind, transaction::text as transaction from audit
      where organization = $1 and request_id = $2 order by id`,
    values: [organization, request],
  });
  const mails = await db.query<{ kind: string; to: string }>({
    text: `select kind, recipient as "to" from mails where organization = $1 and transaction::text = $2 order by recipient, id`,
    values: [organization, rows[0]?.transaction ?? null],
  });
  return { actions: rows.map(({ action, kind }) => `${action} ${kind}`), mails };
}

/** One organization after the other: what one route's request used up, the next one finds in a fresh one. */
async function freshWorlds() {
  let made = 0;
  const next = async () => {
    made += 1;
    const fresh = await makeCompany(api, `fresh-${made}`);
    return { fresh, fixtures: await validRequests(api, fresh) };
  };
  let world = await next();
  return async (route: (typeof writes)[number]) => {
    for (const last of [false, true]) {
      const { path, body } = world.fixtures[route.id] as (typeof requests)[string];
      const ask = (query: string) => api.ask(route.method, `${path}${query}`, { token: world.fresh.token, body });
      const dry = await ask("?dryRun=true");
      if (dry.status === 200 || last) return { dry, real: await ask(""), company: world.fresh };
      world = await next();
    }
    throw new Error("a fresh organization was not asked");
  };
}

test("F32, R144: of every route that writes, the dry run tells the audit rows, mails and seats that the real run then makes", async () => {
  const tryOut = await freshWorlds();
  const told: string[] = [];
  for (const route of writes.filter((one) => !("act" in one))) {
    const { dry, real, company: of } = await tryOut(route);
    expect([route.id, dry.status, real.status]).toEqual([route.id, 200, dry.body.status]);
    const kept = await keptOf(of.organization, real.headers.get("x-request-id"));
    const { changes, impact } = dry.body;
    const would = changes.map(
      (one: { action: string; subject: { kind: string } }) => `${one.action} ${one.subject.kind}`,
    );
    expect([route.id, would]).toEqual([route.id, kept.actions]);
    const mails = impact.mails.named.map(({ kind, to }: { kind: string; to: string }) => ({ kind, to }));
    expect([route.id, impact.mails.total, mails]).toEqual([route.id, kept.mails.length, kept.mails]);
    const seats = (await api.ask("GET", "/seats", { token: of.token })).body.data;
    for (const { site, product, after } of impact.seats)
      expect(seats).toContainEqual({ site, product, seats: after.seats, guests: after.guests });
    if (impact.mails.total > 0) told.push("mails");
    if (impact.seats.length > 0) told.push("seats");
    if (impact.access.total > 0) told.push("access");
  }
  expect([...new Set(told)].sort()).toEqual(["access", "mails", "seats"]);
}, 300_000);
