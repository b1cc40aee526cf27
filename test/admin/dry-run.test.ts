import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
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
