import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/users`;
const ask = (token: string) => apiFetch(url, { headers: { authorization: `Bearer ${token}` } });

test("who guesses tokens of the administration is told to wait; who has one and is known goes on", async () => {
  const organization = newId<OrganizationId>();
  const { token } = await inTransaction(
    ctx,
    { organization, kind: "system", id: null, requestId: null },
    async (tx) => {
      await createOrganization(tx, { key: "acme" });
      return createToken(tx, { administration: true });
    },
    { lock: "exclusive" },
  );
  expect((await ask(token)).status).toBe(200);
  const answers: Response[] = [];
  await until("a guess is told to wait", 60, async () => {
    answers.push(...(await Promise.all(Array.from({ length: 300 }, () => ask(newTokenText("api"))))));
    return answers.some((answer) => answer.status === 429);
  });
  expect(answers.filter((answer) => answer.status === 401).length).toBeGreaterThanOrEqual(100);
  const refused = answers.find((answer) => answer.status === 429);
  expect(refused?.headers.get("retry-after")).toBe("1");
  expect(await refused?.json()).toMatchObject({ status: 429, code: "cool-down" });
  expect((await ask(token)).status).toBe(200);
  // What has not the form of a token asks nobody, so it is told the same as ever.
  expect((await ask("mst_api_wrong")).status).toBe(401);
});
