import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { fileRequest } from "../../src/identity/access-requests.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { leavesOf, wholeCommand } from "./tree.ts";

const ctx = await testContext();
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory };
const program = wholeCommand();
const leaves = leavesOf(program);

/** Commands that read. */
const READS = new Set([
  ..."check-config,org list,org show,site list,site members,admin list,right list,break-glass list,session list".split(
    ",",
  ),
  ..."single-sign-on show,single-sign-on bindings,product list,product show,product seats,space list".split(","),
  ..."directory test,directory list,directory show,directory token list,directory client list,scim log,schema list,schema show".split(
    ",",
  ),
  ..."sync runs,sync show,group list,group show,group members,grant list,user list,user show,user duplicates".split(
    ",",
  ),
  ..."access,invite list,invite show,mail list,mail show,mail suppressions list,mail text list,mail text show".split(
    ",",
  ),
  ..."mail text preview,link list,link show,link uses,request list,request show,sign-up show,sign-up test".split(","),
  ..."guest list,domain list,token list,webhook list,webhook show,webhook deliveries,event list,job list,job show".split(
    ",",
  ),
  ..."job results,export list,audit list,audit verify,doctor,completion,completion-names".split(","),
]);

/** Commands that change something and have no --dry-run, and why. */
const WITHOUT_TRIAL: Readonly<Record<string, string>> = {
  start: "runs until it is stopped",
  serve: "runs until it is stopped",
  worker: "runs until it is stopped",
  migrate: "every start does the same",
  "sync approve": "the plan that it applies is shown by sync show, exactly",
  "sync undo": "what it takes back is shown by sync show",
  "export fetch": "writes a file of its own and nothing of Muster's",
  "support bundle": "writes a file of its own and nothing of Muster's",
  backup: "writes a file of its own and nothing of Muster's",
  restore: "fills what is empty, and refuses all else",
  resume: "takes back a pause of the whole installation, which has no organization to try it in",
};

describe("every command", () => {
  it("is known to this test: it reads, can be tried with --dry-run, or has a reason why not", () => {
    for (const { name, command } of leaves) {
      const trial = command.options.some((option) => option.long === "--dry-run");
      const kinds = [READS.has(name), trial, name in WITHOUT_TRIAL].filter(Boolean);
      expect(kinds, name).toHaveLength(1);
    }
    const names = new Set(leaves.map(({ name }) => name));
    for (const name of [...READS, ...Object.keys(WITHOUT_TRIAL)]) expect(names, name).toContain(name);
  });

  it("says what it does, and so does each of its options and arguments", () => {
    for (const { name, command } of leaves) {
      expect(command.description(), name).toMatch(/^\S.{5,}/);
      expect(command.description(), name).not.toMatch(/\.$/);
      for (const { long, description, argChoices } of command.options)
        if (!argChoices) expect(description || /name|email|format/.exec(long ?? ""), `${name} ${long}`).toBeTruthy();
    }
  });

  it("answers with --json: none has an option of that name of its own", () => {
    for (const { name, command } of leaves)
      expect(
        command.options.map(({ long }) => long).filter((long) => long === "--json" || long === "--output"),
        name,
      ).toEqual([]);
  });
});

/** What a command says; under --json its one value. */
async function run(...words: string[]): Promise<{ code: number; json: Record<string, unknown>; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const listen = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await runCommand([...words, "--json"], environment, listen);
  return { code, json: out.length === 0 ? {} : JSON.parse(out.join("")), err: err.join("") };
}

async function made<Answer = { id: string }>(...words: string[]): Promise<Answer> {
  const { code, json, err } = await run(...words);
  expect(code, `${words.join(" ")}: ${err}`).toBe(0);
  return json as Answer;
}

/** Every table but PostgreSQL's own records: how many rows it has and a hash of all of them. */
async function everything(): Promise<Record<string, string>> {
  const { superuserUrl } = ctx.database;
  const tables = await statements<{ name: string }>(superuserUrl, [
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  ]);
  const rows = await statements<{ name: string; held: string }>(superuserUrl, [
    tables
      .map(
        ({ name }) => `select '${name}' as name, count(*) || ' ' ||
          coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as held from ${name} t`,
      )
      .join(" union all "),
  ]);
  return Object.fromEntries(rows.map(({ name, held }) => [name, held]));
}

/** An organization in which every command that writes has something to do; with what is typed for each. */
async function world(): Promise<Record<string, string[]>> {
  const file = (name: string, text: string) => {
    const path = join(ctx.config.dataDirectory, name);
    writeFileSync(path, text);
    return path;
  };
  await made("org", "create", "acme");
  await made("product", "add", "wiki", "--guests", "--seats", "9");
  await made("space", "add", "docs", "--product", "wiki");
  await made("space", "add", "more", "--product", "wiki");
  for (const group of ["users", "guests", "all", "old"]) await made("group", "create", group);
  const grant = await made("grant", "local/users", "wiki", "user");
  await made("grant", "local/guests", "wiki", "guest");
  await made("directory", "add", "okta", "--kind", "scim");
  const password = file("password", "swordfish-swordfish\n");
  await made(
    ...["directory", "add", "corp", "--kind", "ldap", "--url", "ldaps://ldap.example.com", "--bind-dn", "cn=reader"],
    ...["--bind-password-file", password, "--base", "dc=example"],
  );
  await made("product", "default-group", "wiki", "--role", "user", "--group", "local/users");
  await made("product", "default-group", "wiki", "--role", "guest", "--group", "local/guests");
  for (const name of ["ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal"])
    await made("user", "add", `${name}@acme.example`);
  for (const name of ["ann", "bob", "cat"]) await made("group", "add", "local/users", `${name}@acme.example`);
  await made("group", "add", "local/guests", "gus@acme.example");
  await made("guest", "assign", "gus@acme.example", "docs", "--product", "wiki");
  await made("user", "suspend", "dan@acme.example");
  await made("user", "remove", "eve@acme.example");
  await made("domain", "set", "acme.example");
  await made("user", "deactivate", "hal@acme.example");
  const merged = await made<{ from: string }>("user", "merge", "fay@acme.example", "ann@acme.example");
  for (const name of ["boss", "chief"]) await made("admin", "add", `${name}@acme.example`);
  await made("break-glass", "create", "fire");
  const right = await made("right", "give", "bob@acme.example", "auditor");
  const directoryToken = await made("directory", "token", "add", "okta");
  const client = await made<{ clientId: string }>("directory", "client", "add", "okta");
  const token = await made("token", "create", "--scope", "users:read");
  const webhook = await made("webhook", "add", "audit", "https://hooks.example/x");
  const quiet = await made("webhook", "add", "quiet", "https://hooks.example/y");
  await made("webhook", "disable", "quiet", "--reason", "rests");
  const link = await made("link", "create", "everybody", "--role", "wiki=user");
  await made("invite", "create", "zoe@x.example", "--role", "wiki=user");
  await made("invite", "create", "yul@x.example", "--role", "wiki=user");
  await made("user", "change-address", "bob@acme.example", "bob2@acme.example");
  const [mail] = await made<{ id: string }[]>("mail", "list");
  await made("mail", "text", "set", "invitation", "--intro", "Hello");
  const exported = await made("export", "create", "users");
  const { id: organization } = await resolveOrganization(ctx.db, "acme");
  const actor = { organization, kind: "command", id: "test", requestId: null } as const;
  await inTransaction(ctx, actor, async (tx) => {
    for (const email of ["ann2@x.example", "ben2@x.example"])
      await fileRequest(tx, { email, name: "A", message: null, source: "form", link: null, product: null, role: null });
  });
  const [request] = await made<{ id: string }[]>("request", "list");
  return {
    apply: ["-f", file("apply.yaml", "organizations:\n  - key: acme\n    name: Acme\n")],
    "org create": ["other"],
    "org set": ["notify=false", "--name", "Acme"],
    "org preset": ["workspace"],
    "site add": ["west"],
    "site rename": ["acme", "The West"],
    "admin password": ["boss@acme.example"],
    "admin add": ["cat@acme.example"],
    "admin remove": ["chief@acme.example"],
    "right give": ["ann@acme.example", "auditor"],
    "right take": [right.id],
    "break-glass create": ["water"],
    "break-glass reset": ["fire"],
    "break-glass revoke": ["fire"],
    "session end": ["boss@acme.example"],
    "single-sign-on set": SINGLE_SIGN_ON,
    "product add": ["desk"],
    "product set": ["wiki", "--seats", "2", "--name", "Wiki"],
    "product default-group": ["wiki", "--role", "user", "--group", "-"],
    "product guest-policy": ["wiki", "period=P10D"],
    "space add": ["third", "--product", "wiki"],
    "space rename": ["docs", "Papers", "--product", "wiki"],
    "directory add": ["entra", "--kind", "scim"],
    "directory set": ["corp", "--base", "dc=example,dc=com", "--bind-password-file", password],
    "directory order": ["internal", "okta", "corp"],
    "directory policy": ["okta", "--domain-policy"],
    "directory remove": ["okta"],
    "directory release": ["okta", "--for", "1h", "--reason", "spring cleaning"],
    "directory token add": ["okta"],
    "directory token revoke": [directoryToken.id],
    "directory token rotate": ["okta"],
    "directory client add": ["okta"],
    "directory client revoke": [client.clientId],
    "group create": ["new"],
    "group add": ["local/all", "ann@acme.example"],
    "group remove": ["local/users", "ann@acme.example"],
    "group rename": ["local/old", "older"],
    "group delete": ["local/users"],
    "group nest": ["local/users", "local/all"],
    "group unnest": ["local/users", "local/all"],
    grant: ["local/all", "wiki", "user"],
    "grant revoke": [grant.id],
    "user add": ["new@acme.example"],
    "user tell": ["boss@acme.example"],
    "user edit": ["ann@acme.example", "--name", "Ann"],
    "user suspend": ["ann@acme.example"],
    "user restore": ["dan@acme.example"],
    "user bulk": ["suspend", "ann@acme.example", "bob@acme.example"],
    "user change-address": ["cat@acme.example", "kat@acme.example"],
    "user merge": ["bob@acme.example", "cat@acme.example"],
    "user unmerge": [merged.from],
    "user wrong-address": ["cat@acme.example", "kat@acme.example", "--no-mail"],
    "user confirm": ["ann@acme.example"],
    "user deactivate": ["ann@acme.example"],
    "user reactivate": ["hal@acme.example"],
    "user revoke-access": ["ann@acme.example"],
    "user remove": ["ann@acme.example"],
    "user undo-remove": ["eve@acme.example"],
    "user erase": ["ann@acme.example"],
    "user off-board": ["boss@acme.example", "--to", "ann@acme.example"],
    "invite create": ["xen@x.example", "--role", "wiki=user"],
    "invite import": [file("people.csv", "email\nwim@x.example\n")],
    "invite resend": ["cat@acme.example"],
    "invite link": ["zoe@x.example"],
    "invite extend": ["zoe@x.example", "--until", "20d"],
    "invite correct": ["zoe@x.example", "zoey@x.example"],
    "invite revoke": ["zoe@x.example"],
    "mail retry": [mail?.id ?? ""],
    "mail cancel": [mail?.id ?? ""],
    "mail text set": ["invitation", "--outro", "Bye"],
    "mail text reset": ["invitation"],
    "link create": ["some", "--role", "wiki=user"],
    "link reset": [link.id],
    "link disable": [link.id],
    "request approve": [request?.id ?? "", "--role", "wiki=user"],
    "request deny": [request?.id ?? "", "--block"],
    "request snooze": [request?.id ?? "", "--until", "7d"],
    "sign-up set": ["--mode", "off"],
    "sign-up allow": ["other.example", "--product", "wiki"],
    "guest assign": ["cat@acme.example", "more", "--product", "wiki"],
    "guest extend": ["gus@acme.example", "--product", "wiki", "--for", "30d"],
    "guest convert": ["gus@acme.example", "--product", "wiki", "--to", "user"],
    "guest remove": ["gus@acme.example", "--product", "wiki"],
    "domain set": ["acme.example", "x.example"],
    "token create": ["--scope", "admin"],
    "token rotate": [token.id],
    "token revoke": [token.id],
    "webhook add": ["more", "https://hooks.example/z"],
    "webhook set": ["audit", "--name", "other"],
    "webhook rotate": ["audit"],
    "webhook remove": [webhook.id],
    "webhook test": ["audit"],
    "webhook replay": ["audit", "--beginning"],
    "webhook disable": ["audit", "--reason", "rests"],
    "webhook enable": [quiet.id],
    "export create": ["grants"],
    "export remove": [exported.id],
  };
}

const SINGLE_SIGN_ON = ["--issuer", "https://id.example", "--client-id", "muster", "--domain", "acme.example"];

/** What has no organization's commands alone to make it ready for, and where it is tried instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "directory sync": "test/cli/sync.test.ts",
  "directory switch": "test/cli/directory-switch.test.ts",
  "sync discard": "test/cli/sync.test.ts",
  "mail suppressions remove": "test/admin/dry-run.test.ts has the same rule",
  "invite approve": "test/admin/dry-run.test.ts has the same rule",
  "request unblock": "test/admin/dry-run.test.ts has the same rule",
  "job cancel": "test/admin/dry-run.test.ts has the same rule",
  "grant confirm": "test/admin/dry-run.test.ts has the same rule",
  "single-sign-on remove": "test/cli/siblings.test.ts",
  "single-sign-on bind": "test/cli/siblings.test.ts",
  "single-sign-on unbind": "test/cli/siblings.test.ts",
};

test("a command with --dry-run says so, leaves no trace, and shows no secret", async () => {
  const typed = await world();
  const secret = join(ctx.config.dataDirectory, "secret");
  writeFileSync(secret, "swordfish-swordfish\n");
  typed["single-sign-on set"] = [...SINGLE_SIGN_ON, "--client-secret-file", secret];
  const tried = leaves.filter(({ command }) => command.options.some((option) => option.long === "--dry-run"));
  const before = await everything();
  for (const { name } of tried) {
    if (name in ELSEWHERE) continue;
    const words = typed[name];
    expect(words, `what is typed for ${name}`).toBeDefined();
    const { code, json, err } = await run(...name.split(" "), ...(words ?? []), "--dry-run");
    expect.soft({ code, err }, name).toEqual({ code: 0, err: "" });
    const after = await everything();
    expect.soft(after, name).toEqual(before);
    if (name !== "apply") expect.soft(json, name).toMatchObject({ dryRun: true });
    expect.soft(JSON.stringify(json), name).not.toMatch(/mst_\w+_\w{20}|whsec_|otpauth/);
  }
});
