import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { domainToASCII } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { setDefaultGroup } from "../../src/identity/default-groups.ts";
import { setSignUpDomains } from "../../src/identity/domains.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { setSignUp } from "../../src/identity/sign-up.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { pagesRouter } from "../../src/pages/router.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { hostile, LISTED, type Typed, table } from "./addresses.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  // Each stranger comes from a network of their own, as a proxy tells.
  config: {
    ...base.config,
    trustedProxies: ["loopback"],
    mail: { ...base.config.mail, smtpUrl: sink.url, from: "muster@muster.example" },
  },
};
const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
await inTransaction(
  ctx,
  actor,
  async (tx) => {
    await createOrganization(tx, { key: "acme" });
    const { id: product } = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
    const { id: group } = await createLocalGroup(tx, "wiki users");
    await grantRole(tx, { group, product, role: "user" });
    await setDefaultGroup(tx, product, "user", group);
    await setSignUpDomains(tx, LISTED);
    const roles = [{ product, role: "user" as const, domain: null, needsApproval: false }];
    await setSignUp(tx, ctx.config.mail, {
      mode: "restricted",
      verification: "always",
      notices: false,
      requests: true,
      roles,
    });
  },
  { lock: "exclusive" },
);

const server = createServer(makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
afterAll(async () => {
  await jobs.stop();
  await sink.stop();
  server.close();
  server.closeAllConnections();
});

const column = async (text: string) =>
  (await ctx.db.of(organization).query<{ value: string }>({ text, values: [organization] })).map(({ value }) => value);

/** Everybody types theirs into the form; the answers. */
async function typeIn(strangers: readonly Typed[]): Promise<string[]> {
  const { port } = server.address() as AddressInfo;
  const answers: string[] = [];
  for (let at = 0; at < strangers.length; at += 40)
    answers.push(
      ...(await Promise.all(
        strangers.slice(at, at + 40).map(async ({ typed }, index) => {
          const response = await fetch(`http://127.0.0.1:${port}/signup`, {
            method: "POST",
            body: new URLSearchParams({ email: typed, name: "Ann" }),
            headers: { "x-forwarded-for": `10.1.${Math.floor((at + index) / 200)}.${((at + index) % 200) + 1}` },
          });
          return `${response.status} ${await response.text()}`;
        }),
      )),
    );
  return answers;
}

test(`R106, R108, R113, R114: of ${table().length} addresses by hand and ${scaled(500)} made of listed ones, none of another domain gets in or is mailed`, async () => {
  const strangers = [...table(), ...hostile(scaled(500), seed)];
  const welcome = strangers.flatMap(({ becomes }) => becomes ?? []).sort();
  // All of them are told the same.
  expect(new Set(await typeIn(strangers)).size).toBe(1);
  expect((await column("select email_key as value from accounts where organization = $1")).sort()).toEqual(welcome);
  expect(await column("select email as value from access_requests where organization = $1")).toEqual([]);
  await expect
    .poll(() => column("select state as value from mails where organization = $1 and state <> 'sent'"), {
      timeout: 60_000,
    })
    .toEqual([]);
  // The sink shows names beyond ASCII as people read them.
  const written = (address: string) => address.replace(/[^@]*$/, (domain) => domainToASCII(domain));
  expect(sink.mails.flatMap(({ to }) => to.map(written)).sort()).toEqual(welcome);
  for (const { to, parsed } of sink.mails)
    expect(parsed.to?.map(({ address = "" }) => written(address))).toEqual(to.map(written));
});
