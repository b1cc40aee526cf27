import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { makeApp } from "../../src/http/app.ts";
import { changeGuestPolicy } from "../../src/identity/settings/guest-policy.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { testContext } from "../harness/postgres.ts";
import { company } from "../identity/inviting-company.ts";

const ctx = await testContext();
const app = makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false });
const server = createServer(app).listen(0, "127.0.0.1");

afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

test("R9: a guest's invitation tells what clients cannot do, with a link, and a user's does not", async () => {
  const org = await company(ctx);
  const limit = { client: "mobile <b>", limit: "guests cannot sign in", url: "https://tracker.example.com/1?a=1&b=2" };
  await org.write((tx) => changeGuestPolicy(tx, org.wiki, { clientLimits: [limit] }));
  const pageOf = async (role: "guest" | "user") => {
    const asked = await org.ask({ emails: [`${role}@partner.example`], roles: [{ product: org.wiki, role }] });
    const { port } = server.address() as AddressInfo;
    return (await fetch(`http://127.0.0.1:${port}/i/${await org.link(asked.results[0])}`)).text();
  };
  const guest = await pageOf("guest");
  expect(guest).toContain("mobile &lt;b&gt;: guests cannot sign in");
  expect(guest).toContain('href="https://tracker.example.com/1?a=1&amp;b=2"');
  expect(await pageOf("user")).not.toContain("tracker.example.com");
});
