import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import PostalMime from "postal-mime";
import { parseDocument } from "yaml";
import { freePort } from "../harness/free-port.ts";
import { readExchangeFile, replay } from "../harness/replay.ts";
import { findSlapd, type RunningSlapd, startSlapd } from "../harness/slapd.ts";
import { MusterCommands, stop } from "./muster-process.ts";
import { type Person, type ProductAccess, peopleTable } from "./table.ts";

/**
 * The main job from nothing: a Muster of its own in a temporary data directory, two identity providers pushing over
 * SCIM, one LDAP directory pulled, product roles worked out, nobody mailed, one invitation sent on request.
 */
const once = process.argv.includes("--once");
const root = resolve(import.meta.dirname, "../..");
const say = (line: string) => process.stdout.write(`${line}\n`);

async function step<T>(title: string, work: () => Promise<T>, result: (value: T) => string): Promise<T> {
  process.stdout.write(`  ${title} … `);
  const started = performance.now();
  const value = await work();
  say(`${result(value)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return value;
}

const folder = await mkdtemp(join(tmpdir(), "muster-demo-"));
let server: ChildProcess | undefined;
let slapd: RunningSlapd | undefined;

async function cleanUp(): Promise<void> {
  if (server) await stop(server);
  await slapd?.stop();
  await rm(folder, { recursive: true, force: true });
}

const stopped = new Promise<void>((done) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
});

try {
  const work = show();
  await Promise.race([work, stopped]);
} catch (error) {
  process.stderr.write(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
// A step that Ctrl-C interrupted may still hold a socket or a child that is gone by now.
process.exit();

async function show(): Promise<void> {
  say("Muster, the main job: directories become product roles, and nobody gets an e-mail\n");
  const port = await freePort(8080);
  const baseUrl = `http://127.0.0.1:${port}`;
  const dataDirectory = join(folder, "data");
  const muster = new MusterCommands({
    MUSTER_DATA_DIR: dataDirectory,
    MUSTER_LISTEN: `127.0.0.1:${port}`,
    MUSTER_PUBLIC_URL: baseUrl,
    MUSTER_LOG_LEVEL: "warn",
  });
  server = await step(
    "starting Muster with its own PostgreSQL",
    () => muster.start(baseUrl),
    () => `ready at ${baseUrl}`,
  );

  const found = await step("looking for an LDAP server (slapd)", findSlapd, (installation) =>
    "missing" in installation ? installation.missing : `found (${installation.source})`,
  );
  if (!("missing" in found)) {
    const ldif = await readFile(join(root, "test/fixtures/ldif/company.ldif"), "utf8");
    slapd = await startSlapd(found, { ldif: [ldif] });
  }

  const applied = await step(
    "applying config/demo.yaml",
    async () => muster.run<{ created: unknown }>("apply", "-f", await demoFile(slapd)),
    () => "organization, products, spaces, directories, grants, domains",
  );
  if (!applied) throw new Error("nothing was applied");

  const okta = await replayStep(muster, "okta", "Okta");
  await replayStep(muster, "entra", "Entra ID");

  if (slapd)
    await step(
      "pulling the LDAP directory",
      () => muster.run<{ state: string; counts: { read: number; added: number } }>("directory", "sync", "company"),
      (run) => `${run.state}: ${run.counts.read} read, ${run.counts.added} added`,
    );

  await step(
    "confirming the grant of admin that waited for its group",
    () => confirmAdmins(muster),
    (count) => `${count} confirmed`,
  );
  await step(
    "giving the guests a space",
    () => assignGuests(muster),
    (count) => `${count} spaces given`,
  );

  const { token } = await muster.run<{ token: string }>("token", "create", "--scope", "admin");
  const people = await step(
    "asking the API who has access to what",
    () => everybody(baseUrl, token),
    (list) => `${list.length} people`,
  );
  say(`\n${peopleTable(people)}\n`);
  say("A role in brackets is held but opens nothing; the reason stands under why.");

  const before = await mails(dataDirectory);
  say(`\nMails sent so far: ${before.length}\n`);
  if (before.length > 0) throw new Error("synced people were mailed, which must never happen");

  const invited = "bjensen@example.com";
  const mail = await step(
    `an administrator presses Resend invite for ${invited}`,
    async () => {
      const answer = await muster.run<{ mailId: string; status: string }>("invite", "resend", invited);
      return { ...answer, text: await waitForMail(dataDirectory, answer.mailId) };
    },
    (answer) => `status is now ${answer.status}`,
  );
  say(`\n${indent(await readable(mail.text))}\n`);
  say(`Mails sent in all: ${(await mails(dataDirectory)).length}`);

  if (once) return;
  say("\nMuster goes on running. Three URLs to try:");
  say(`  ${baseUrl}/`);
  say(`  curl -H 'Authorization: Bearer ${token}' ${baseUrl}/api/v1/users`);
  say(`  curl -H 'Authorization: Bearer ${okta.token}' ${okta.baseUrl}/Users`);
  say("\nCtrl-C stops it and removes everything.");
  await stopped;
}

/** config/demo.yaml as it stands, with the address of the LDAP server that was just started; without one, without it. */
async function demoFile(ldap: RunningSlapd | undefined): Promise<string> {
  const document = parseDocument(await readFile(join(root, "config/demo.yaml"), "utf8"));
  const passwordFile = join(folder, "company-password");
  await writeFile(passwordFile, ldap?.rootPassword ?? "unused", { mode: 0o600 });
  const directories = document.getIn(["organizations", 0, "directories"], true) as { items: unknown[] };
  directories.items.forEach((_, index) => {
    const place = ["organizations", 0, "directories", index];
    if (document.getIn([...place, "kind"]) !== "ldap") return;
    document.setIn([...place, "url"], ldap?.url ?? "ldap://127.0.0.1:389");
    document.setIn([...place, "bindDn"], ldap?.rootDn ?? "cn=admin,dc=example,dc=com");
    document.setIn([...place, "bindPasswordFile"], passwordFile);
  });
  const path = join(folder, "demo.yaml");
  await writeFile(path, document.toString());
  return path;
}

type Replayed = { baseUrl: string; token: string; requests: number };

function replayStep(muster: MusterCommands, provider: "okta" | "entra", name: string): Promise<Replayed> {
  return step(
    `replaying what ${name} sends, over HTTP`,
    () => replayProvider(muster, provider),
    ({ requests }) => `${requests} requests, all answered as ${name} expects`,
  );
}

async function replayProvider(muster: MusterCommands, provider: string): Promise<Replayed> {
  const { token } = await muster.run<{ token: string }>("directory", "token", "rotate", provider);
  const directories = await muster.run<{ name: string; baseUrl: string }[]>("directory", "list");
  const baseUrl = directories.find((directory) => directory.name === provider)?.baseUrl;
  if (!baseUrl) throw new Error(`no directory ${provider}`);
  const file = readExchangeFile(join(root, `test/fixtures/idp/${provider}/demo-company.json`));
  const outcomes = await replay(file, { baseUrl, token });
  const wrong = outcomes.filter((outcome) => outcome.problems.length > 0);
  if (wrong.length > 0)
    throw new Error(wrong.map((outcome) => `${outcome.exchange.name}: ${outcome.problems.join(", ")}`).join("\n"));
  return { baseUrl, token, requests: outcomes.length };
}

/** A grant of admin is never given by the name of a group alone. */
async function confirmAdmins(muster: MusterCommands): Promise<number> {
  const grants = await muster.run<{ id: string; role: string; state: string; group: { id: string | null } }[]>(
    "grant",
    "list",
  );
  const waiting = grants.filter(
    (grant) => grant.role === "admin" && grant.state === "waiting" && grant.group.id !== null,
  );
  for (const grant of waiting) await muster.run("grant", "confirm", grant.id);
  return waiting.length;
}

async function assignGuests(muster: MusterCommands): Promise<number> {
  const guests = [
    ["rlee@partner.example", "30d"],
    ["kpatel@agency.example", undefined],
  ] as const;
  for (const [person, period] of guests)
    await muster.run(
      "guest",
      "assign",
      person,
      "docs",
      "--product",
      "wiki",
      "--permission",
      "read-only",
      ...(period ? ["--for", period] : []),
    );
  return guests.length;
}

async function everybody(baseUrl: string, token: string): Promise<{ person: Person; access: ProductAccess[] }[]> {
  const ask = async <Answer>(path: string): Promise<Answer> => {
    const response = await fetch(`${baseUrl}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
    return (await response.json()) as Answer;
  };
  const people: (Person & { id: string })[] = [];
  let next: string | null = null;
  do {
    const page: { data: (Person & { id: string })[]; page: { next: string | null } } = await ask(
      `/users${next ? `?cursor=${encodeURIComponent(next)}` : ""}`,
    );
    people.push(...page.data);
    next = page.page.next;
  } while (next);
  return Promise.all(
    people.map(async (person) => ({
      person,
      access: (await ask<{ access: ProductAccess[] }>(`/users/${person.id}/access`)).access,
    })),
  );
}

async function mails(dataDirectory: string): Promise<string[]> {
  return readdir(join(dataDirectory, "mail")).catch(() => []);
}

async function waitForMail(dataDirectory: string, mailId: string): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await readFile(join(dataDirectory, "mail", `${mailId}.eml`), "utf8").catch(() => undefined);
    if (text !== undefined) return text;
    if (performance.now() > deadline) throw new Error("the mail was not written within 10 s");
    await new Promise((later) => setTimeout(later, 100));
  }
}

async function readable(eml: string): Promise<string> {
  const mail = await PostalMime.parse(eml);
  return `To:      ${mail.to?.[0]?.address}\nSubject: ${mail.subject}\n\n${mail.text?.trim()}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  │ ");
}
