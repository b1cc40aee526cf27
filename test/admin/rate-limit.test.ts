import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { apiServer, makeCompany } from "./world.ts";

// So slow that the machine's speed cannot matter: one is given back in 1,000 s.
const api = await apiServer({ limits: { perSecond: 0.001, burst: 3, inFlight: 8, waiting: 8 } });
const company = await makeCompany(api, "acme");

it("a caller that asks too fast is told what is left, and then to wait, whatever it asks for", async () => {
  const answers = [];
  for (const path of ["/users", "/nowhere", "/users?limit=x", "/users"])
    answers.push(await api.ask("GET", path, { token: company.token }));
  expect(answers.map(({ status, headers }) => [status, headers.get("ratelimit")])).toEqual([
    [200, '"rate";r=2;t=1000'],
    [404, '"rate";r=1;t=2000'],
    [422, '"rate";r=0;t=3000'],
    [429, '"rate";r=0;t=3000'],
  ]);
  for (const { headers } of answers)
    expect(headers.get("ratelimit-policy")).toBe('"rate";q=3;w=3000, "in-flight";q=8;qu="concurrent-requests"');
  const refused = answers[3];
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(900);
  expect(refused?.body).toMatchObject({ code: "cool-down", status: 429 });
});

it("does not slow another caller", async () => {
  const actor = { organization: company.organization, kind: "system", id: null, requestId: null } as const;
  const other = await inTransaction(api.ctx, actor, (tx) => createToken(tx, { administration: true }));
  expect((await api.ask("GET", "/users", { token: other.token })).status).toBe(200);
  expect((await api.ask("GET", "/users", { token: company.token })).status).toBe(429);
});
