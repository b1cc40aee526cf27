import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { validRequests } from "./requests.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
const { token } = company;
const requests = await validRequests(api, company);

const reads = routes.filter((route) => "read" in route && route.id in requests);
const guarded = routes.filter((route) => "write" in route && route.current !== undefined && route.id in requests);

describe("every read", () => {
  it.each(reads.map((route) => route.id))("%s has an ETag, and answers 304 to who knows it", async (id) => {
    const { path } = requests[id] as { path: string };
    const first = await api.ask("GET", path, { token });
    expect(first.status, first.text).toBe(200);
    const etag = first.headers.get("etag") ?? "";
    const { madeAt } = reads.find((route) => route.id === id) as { madeAt?: string };
    expect(etag).toMatch(madeAt === undefined ? /^"[\w-]{22}"$/ : /^W\/"[\w-]{22}"$/);
    const opaque = etag.replace(/^W\//, "");
    for (const known of [etag, opaque, `"other", W/${opaque}`, "*"]) {
      const again = await api.ask("GET", path, { token, headers: { "if-none-match": known } });
      expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const stale = await api.ask("GET", path, { token, headers: { "if-none-match": '"stale"' } });
    if (madeAt === undefined) expect(stale.text).toBe(first.text);
    else expect({ ...stale.body, [madeAt]: null }).toEqual({ ...first.body, [madeAt]: null });
  });
});

describe("every change of one thing", () => {
  it.each(guarded.map((route) => [route.id, route] as const))(
    "%s is refused where the thing changed, and done where it did not",
    async (id, route) => {
      const { path, body } = requests[id] as { path: string; body?: unknown };
      const current = "write" in route ? routes.find((each) => each.id === route.current) : undefined;
      expect(current?.method).toBe("GET");
      const steps = path.split("/").slice(0, current?.path.split("/").length);
      const held = await api.ask("GET", steps.join("/"), { token });
      expect(held.status).toBe(200);
      const stale = await api.ask(route.method, `${path}?dryRun=true`, {
        token,
        body,
        headers: { "if-match": '"stale"' },
      });
      expect(stale.status).toBe(412);
      expect(stale.body.errors).toMatchObject([{ pointer: "If-Match" }]);
      for (const known of [held.headers.get("etag") ?? "", "*"]) {
        const done = await api.ask(route.method, `${path}?dryRun=true`, {
          token,
          body,
          headers: { "if-match": known },
        });
        expect(done.status, done.text).toBe(200);
      }
    },
  );

  it("of two who read the same one is refused", async () => {
    const path = `/groups/${company.groups.empty.id}`;
    const { headers } = await api.ask("GET", path, { token });
    const known = { "if-match": headers.get("etag") ?? "" };
    const answers = await Promise.all(
      ["first", "second", "third"].map((name) => api.ask("PATCH", path, { token, body: { name }, headers: known })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it("of what has no ETag cannot be asked for with one", async () => {
    const answer = await api.ask("POST", "/groups", { token, body: { name: "x" }, headers: { "if-match": "*" } });
    expect(answer.status).toBe(412);
  });
});
