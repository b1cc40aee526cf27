import type { Command } from "commander";
import { expect, test } from "vitest";
import { commandLine } from "../../src/cli/command-line.ts";
import { FORMS } from "../../src/cli/form.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { runCommand } from "../../src/cli/run.ts";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { isMusterError } from "../../src/errors.ts";
import { fileRequest } from "../../src/identity/access-requests.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addDirectory, resolveDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { createLink } from "../../src/identity/links.ts";
import { createClient } from "../../src/identity/oauth-clients.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { createProduct, resolveProduct } from "../../src/identity/products.ts";
import { appendRequests } from "../../src/identity/request-log.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { createSite, resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { giveToken } from "../../src/identity/token-rights.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { createWebhook } from "../../src/identity/webhooks.ts";
import { PAYLOADS } from "../harness/payloads.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory };

/** The last words of commands that show what is there and ask for nothing more. */
const LISTS = new Set(["list", "duplicates", "seats", "runs"]);

/** What a command says on both streams, and how it ends. */
async function said(...words: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const listen = (part: string) => {
    text += part;
  };
  const code = await runCommand(words, environment, { out: listen, err: listen });
  return { code, text };
}

/** What moves a cursor, changes colours or turns the reading direction; line breaks stand where Muster set them. */
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

function expectHarmless(text: string, what: string): void {
  // A CSV file ends its lines as RFC 4180 says.
  expect(RAW.exec(text.replaceAll("\r\n", "\n"))?.[0], what).toBeUndefined();
  // A line that a value forged would begin with it.
  expect(/^two: forged line/m.test(text), what).toBe(false);
}

/** Writes a payload into everything that takes text; what refuses it has nothing to print. */
async function plant(text: string, n: number): Promise<number> {
  const organization = (await resolveOrganization(ctx.db, "acme")).id;
  const actor = { organization, kind: "command", id: text, requestId: null } as const;
  const db = ctx.db.of(organization);
  const site = await resolveSite(db, "acme");
  const wiki = await resolveProduct(db, "wiki");
  const { id: directory } = await resolveDirectory(db, "okta");
  const key = loadSecretKey(ctx.config);
  const writes: ((tx: Tx) => Promise<unknown>)[] = [
    (tx) =>
      insertDirectoryUsers(tx, directory, [
        {
          id: newId<DirectoryUserId>(),
          immutableId: null,
          externalId: text,
          userName: `${text} ${n}`,
          active: true,
          email: `p${n}@acme.example`,
          displayName: text,
          resource: { displayName: text, name: { givenName: text, familyName: text } },
          contentHash: null,
        },
      ]),
    async (tx) => suspendAccount(tx, await resolvePerson(tx, `p${n}@acme.example`), text),
    (tx) => createLocalGroup(tx, `${text}${n}`),
    (tx) => createSite(tx, { key: `s${n}`, name: text }),
    (tx) => createProduct(tx, site, { key: `p${n}`, name: text, hasGuests: true, seats: null, url: null }),
    (tx) => createSpace(tx, wiki.id, { key: `k${n}`, name: text }),
    (tx) =>
      createLink(
        tx,
        [EVERYTHING],
        { label: text, maxUses: null, allowedDomains: [], email: null, needsApproval: false },
        { roles: [{ product: wiki.id, role: "user" }], groups: [], spaces: [] },
      ),
    (tx) =>
      giveToken(
        tx,
        { held: [EVERYTHING], account: null },
        { name: text, permissions: ["users:read"], scope: { kind: "organization" }, owner: null },
      ),
    (tx) => createToken(tx, { directory }, undefined, { name: text }),
    (tx) => createClient(tx, directory, { name: text, scopes: null }),
    (tx) =>
      createWebhook(
        tx,
        { name: text, url: "https://hooks.example/x", kinds: [], product: null },
        { key, allowPrivate: false },
      ),
    (tx) =>
      fileRequest(tx, {
        email: `q${n}@acme.example`,
        name: text,
        message: text,
        source: "form",
        link: null,
        product: wiki.id,
        role: "user",
      }),
  ];
  let written = 0;
  for (const write of writes)
    try {
      await inTransaction(ctx, actor, write, { lock: "exclusive" });
      written += 1;
    } catch (error) {
      if (!isMusterError(error) || error.code === "internal") throw error;
    }
  await appendRequests(db, [
    {
      directory,
      at: new Date(),
      id: newId(),
      requestId: newId(),
      token: null,
      method: "GET",
      path: `/Users/${text}`,
      query: text,
      status: 404,
      duration: 1,
      userAgent: text,
      bytes: null,
      warnings: JSON.stringify([{ name: text, at: [text], times: 1 }]),
      changes: null,
      request: JSON.stringify({ displayName: text }),
      cut: false,
      detail: text,
      skipped: 0,
    } as never,
  ]);
  return written;
}

test("no payload in any field reaches a terminal, in any form that a command answers in", async () => {
  expect((await said("org", "create", "acme")).code).toBe(0);
  await said("product", "add", "wiki", "--guests");
  await said("group", "create", "users");
  await said("grant", "local/users", "wiki", "user");
  await said("product", "default-group", "wiki", "--role", "user", "--group", "local/users");
  const { id: organization } = await resolveOrganization(ctx.db, "acme");
  await inTransaction(
    ctx,
    { organization, kind: "command", id: "test", requestId: null },
    (tx) => addDirectory(tx, { name: "okta", kind: "scim" }),
    { lock: "exclusive" },
  );
  expect(PAYLOADS.length).toBeGreaterThanOrEqual(50);
  let written = 0;
  for (const [n, { text }] of PAYLOADS.entries()) written += await plant(text, n);
  // Most fields take most payloads: else this would look at nothing.
  expect(written).toBeGreaterThan(PAYLOADS.length * 8);

  const reads = [
    ...leaves(
      makeProgram(
        commandLine(
          {},
          () => {},
          () => {},
        ),
        () => {},
      ),
    ).filter((words) => LISTS.has(words.at(-1) ?? "")),
  ];
  expect(reads.length).toBeGreaterThan(15);
  reads.push(["user", "show", "p60@acme.example"], ["access", "p60@acme.example"]);
  reads.push(["access", "p60@acme.example", "--why", "wiki"], ["scim", "log", "okta", "--bodies", "--limit", "1000"]);
  reads.push(["space", "list", "--product", "wiki"], ["directory", "token", "list", "okta"]);
  reads.push(["directory", "client", "list", "okta"], ["org", "show"], ["sign-up", "show"]);
  for (const words of reads)
    for (const form of FORMS) {
      const { text } = await said(...words, "-o", form);
      expectHarmless(text, `${words.join(" ")} -o ${form}`);
    }
});

test("no payload that somebody types comes back raw: neither in an answer nor in a refusal", async () => {
  for (const [n, { text }] of PAYLOADS.entries()) {
    for (const words of [
      ["user", "show", text],
      ["group", "create", `again ${n} ${text}`],
      ["token", "create", "--scope", text],
    ])
      for (const form of ["table", "json"]) expectHarmless((await said(...words, "-o", form)).text, words.join(" "));
  }
});

/** The words of every command that has no further ones. */
function leaves(command: Command, words: string[] = []): string[][] {
  return command.commands.length === 0
    ? [words]
    : command.commands.flatMap((inner) => leaves(inner, [...words, inner.name()]));
}
