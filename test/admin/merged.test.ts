import { expect, test } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { validRequests } from "./requests.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const c = await makeCompany(api, "acme");
const requests = await validRequests(api, c);

test("R169, C16: every path of a merged account answers 410 and says which account it went into; a foreign one still 404", async () => {
  const [, from] = /\/users\/([^/]+)\/unmerge/.exec(requests["users.unmerge"]?.path ?? "") ?? [];
  const to = (requests["users.merge"] as { body: { to: string } }).body.to;
  const paths = Object.entries(requests).filter(
    ([id, { path }]) => id !== "users.unmerge" && /^\/users\/[0-9a-f]{8}-/.test(path),
  );
  expect(paths.length).toBeGreaterThan(10);
  for (const [id, { path, body }] of paths) {
    const method = routes.find((route) => route.id === id)?.method ?? "";
    const answer = await api.ask(method, path.replace(/^\/users\/[^/?]+/, `/users/${from}`), { token: c.token, body });
    expect({ id, status: answer.status, ...answer.body }).toMatchObject({
      id,
      status: 410,
      code: "merged",
      mergedInto: to,
    });
  }
  const other = await makeCompany(api, "other");
  expect((await api.ask("GET", `/users/${from}`, { token: other.token })).body).toMatchObject({ code: "not-found" });
  expect((await api.ask("POST", "/users/merge", { token: c.token, body: { from, to } })).status).toBe(410);
});
