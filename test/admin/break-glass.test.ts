import { afterAll, expect, test } from "vitest";
import { type DirectoryId, type DirectoryUserId, newId } from "../../src/db/id.ts";
import { confirmAccount } from "../../src/identity/accounts/confirm.ts";
import { createBreakGlass, resetBreakGlass, revokeBreakGlass } from "../../src/identity/break-glass.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { generatePassword } from "../../src/identity/sign-in/generated-password.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { freePort } from "../harness/free-port.ts";
import { until } from "../harness/process.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { codeOf, codeOfAnother, signInWorld, wrongCode } from "./sign-in-world.ts";

const world = await signInWorld();
const { browser, asOwner, write, ctx } = world;
const key = loadSecretKey(ctx.config);
const sink = await startSmtpSink();
afterAll(() => sink.stop());

const signIn = (proof: Record<string, string>, own = browser()) =>
  own.ask("POST", "/session/break-glass", { name: "vault", ...proof });
const made = async () => {
  const generated = await generatePassword();
  return write((tx) => createBreakGlass(tx, key, "vault", generated));
};
/** As if the last code had been long ago. */
const later = () =>
  asOwner("update muster.break_glass_administrators set totp_last_step = 0; delete from muster.sign_in_attempts");

const scim = (directory: DirectoryId, userName: string) =>
  write((tx) =>
    insertDirectoryUsers(tx, directory, [
      {
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: null,
        userName,
        active: true,
        email: userName.includes("@") ? userName : null,
        displayName: null,
        resource: {},
        contentHash: null,
      },
    ]),
  );

const okta = await write((tx) => addDirectory(tx, { name: "okta", kind: "scim" }));
await world.administrator("ada@example.com");
await world.administrator("bob@example.com");

test("R26: with every directory down, every administrator gone and single sign-on away it signs in, and may do everything", async () => {
  await write((tx) => addDirectory(tx, { name: "company", kind: "ldap" }));
  await asOwner(
    `update muster.directories set settings = '{"url": "ldap://127.0.0.1:${await freePort()}"}' where name = 'company'`,
    `update muster.tokens set revoked_at = now()`,
  );
  // Whoever holds a directory tries to stand before it, by its name and by what it is called.
  await scim(okta.id, "vault");
  const vault = await made();
  for (const name of [vault.id, "break-glass", "break-glass/vault"]) await scim(okta.id, name);
  await asOwner(
    "update muster.directory_users set active = false",
    "update muster.rights set in_force = false",
    "update muster.accounts set suspended_at = now()",
  );
  expect((await browser().signIn("ada@example.com")).status).toBe(403);

  const own = browser();
  const answer = await signIn({ password: vault.password, code: codeOf(vault.secret) }, own);
  expect(answer.status, answer.text).toBe(201);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ method: "break-glass", user: null, fresh: true });
  const users = await own.ask("GET", "/users");
  expect(users.status).toBe(200);
  expect(users.text).not.toContain("break_glass");
  const [ada] = (users.body.data as { id: string; userName: string }[]).filter(
    (user) => user.userName === "ada@example.com",
  );
  expect((await own.ask("POST", `/users/${ada?.id}/restore`)).status).toBe(200);
  expect((await own.ask("POST", "/tokens", { permissions: ["users:read"] })).status).toBe(201);
  const audit = await asOwner<{ action: string; actor: string; kind: string }>(
    `select action, actor, actor_kind as kind from muster.audit where actor_kind = 'break-glass' order by id`,
  );
  expect(audit.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["session.begun", "account.restored", "token.created"]),
  );
  expect(audit.every(({ actor }) => actor === vault.id)).toBe(true);
  // No account has its name or its password.
  expect((await browser().signIn("vault", { password: vault.password })).status).toBe(401);
  expect((await browser().signIn(vault.id, { password: vault.password })).status).toBe(401);
  await asOwner(
    "update muster.directory_users set active = true",
    "update muster.rights set in_force = true",
    "update muster.accounts set suspended_at = null",
    "update muster.break_glass_administrators set revoked_at = now()",
  );
  expect((await own.ask("GET", "/session")).status).toBe(401);
});

test("it needs both factors, each right, and a code once", async () => {
  const vault = await made();
  const code = codeOf(vault.secret);
  expect((await signIn({ password: vault.password })).status).toBe(422);
  expect((await signIn({ password: vault.password, recoveryCode: "abcd" })).status).toBe(422);
  expect((await signIn({ password: "something else", code })).status).toBe(401);
  expect((await signIn({ password: vault.password, code: wrongCode(vault.secret) })).status).toBe(401);
  const answers = await Promise.all(Array.from({ length: 3 }, () => signIn({ password: vault.password, code })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  await asOwner("delete from muster.sign_in_attempts");
  expect((await signIn({ password: vault.password, code: codeOf(vault.secret, -1) })).status).toBe(401);
  await write((tx) => revokeBreakGlass(tx, "vault"));
});

test("each use is told to every organization administrator by mail, in the audit, the feed and the log", async () => {
  const vault = await made();
  world.lines.splice(0);
  const own = browser();
  expect((await signIn({ password: vault.password, code: codeOf(vault.secret) }, own)).status).toBe(201);
  const mails = await asOwner<{ recipient: string; content: object }>(
    "select recipient, content from muster.mails where kind = 'break-glass' order by created_at desc, recipient limit 2",
  );
  expect(mails).toMatchObject([
    { recipient: "ada@example.com", content: { name: "vault", address: own.address } },
    { recipient: "bob@example.com", content: { name: "vault", address: own.address } },
  ]);
  expect(world.lines).toContainEqual(
    expect.objectContaining({ level: "warn", message: "a break-glass administrator signed in", address: own.address }),
  );
  const events = await asOwner<{ kind: string }>(
    `select kind from muster.outbox where subject = '${vault.id}' order by id`,
  );
  expect(events.map(({ kind }) => kind)).toEqual(["break-glass.created", "session.begun"]);

  const shown = (await own.ask("GET", "/mails")).body.data as { kind: string; recipient: string }[];
  expect(shown).toContainEqual(expect.objectContaining({ kind: "break-glass", recipient: "ada@example.com" }));

  const mail = { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] };
  const jobs = await startJobs({ ...ctx, config: { ...ctx.config, mail } }, { ownerUrl: ctx.database.ownerUrl });
  await until("both are told", 30, () => sink.mails.length >= 2);
  await jobs.stop();
  for (const { parsed } of sink.mails) {
    expect(parsed.subject).toBe("A break-glass administrator signed in");
    expect(parsed.text).toContain(`The break-glass administrator vault signed in at 2`);
    expect(parsed.text).toContain("muster break-glass revoke vault --org acme");
  }
  await write((tx) => revokeBreakGlass(tx, "vault"));
});

test("a dangerous act asks it anew for both factors; reset and revoking end its sessions and its secrets", async () => {
  const vault = await made();
  const own = browser();
  expect((await signIn({ password: vault.password, code: codeOf(vault.secret) }, own)).status).toBe(201);
  await asOwner("update muster.sessions set authenticated_at = now() - interval '11 minutes'");
  const give = () => own.ask("POST", "/tokens", { permissions: ["users:read"] });
  expect((await give()).body.code).toBe("reauthentication-required");
  await later();
  const again = (proof: object) => own.ask("POST", "/session/reauthenticate", proof);
  expect((await again({ password: vault.password })).body.code).toBe("second-factor-required");
  expect((await again({ password: vault.password, code: codeOf(vault.secret) })).status).toBe(204);
  expect((await give()).status).toBe(201);
  expect((await own.ask("POST", "/session/second-factor")).status).toBe(409);

  const generated = await generatePassword();
  const fresh = await write((tx) => resetBreakGlass(tx, key, "vault", generated));
  expect(fresh.id).toBe(vault.id);
  expect((await own.ask("GET", "/session")).status).toBe(401);
  await later();
  expect((await signIn({ password: vault.password, code: codeOf(vault.secret) })).status).toBe(401);
  expect((await signIn({ password: fresh.password, code: codeOfAnother(fresh.secret, vault.secret) })).status).toBe(
    401,
  );
  expect((await signIn({ password: fresh.password, code: codeOf(fresh.secret) }, own)).status).toBe(201);
  await write((tx) => revokeBreakGlass(tx, "vault"));
  expect((await own.ask("GET", "/session")).status).toBe(401);
  await later();
  expect((await signIn({ password: fresh.password, code: codeOf(fresh.secret) })).status).toBe(401);
  await expect(write((tx) => revokeBreakGlass(tx, "vault"))).rejects.toMatchObject({ code: "not-found" });
});

test("a directory that takes an administrator's name takes no session, no password and no second factor with it", async () => {
  await world.administrator("zoe@example.com");
  const own = browser();
  expect((await own.signIn("zoe@example.com")).status).toBe(201);
  expect((await own.ask("GET", "/users")).status).toBe(200);
  await scim(okta.id, "zoe@example.com");
  expect((await own.ask("GET", "/users")).status).toBe(401);
  expect((await browser().signIn("zoe@example.com")).status).toBe(401);
  const [zoe] = await asOwner<{ id: string }>("select id from muster.accounts where user_name = 'zoe@example.com'");
  await write((tx) => confirmAccount(tx, zoe?.id as never, [EVERYTHING]));
  // Still the same person, but one who comes from okta now: passwords are not theirs any more.
  expect((await own.ask("GET", "/users")).status).toBe(401);
  expect((await browser().signIn("zoe@example.com")).status).toBe(401);
});
