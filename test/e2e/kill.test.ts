import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { embeddedOwnerUrl } from "../harness/embedded-url.ts";
import { freePort } from "../harness/free-port.ts";
import { type RunningMuster, runMuster, startMuster } from "../harness/muster.ts";
import { postmasterOf, until } from "../harness/process.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { type Endpoint, KillClient, type Written } from "./kill-client.ts";

const KILLS = scaled(30);
const CLIENTS = 8;

const data = mkdtempSync(join(tmpdir(), "muster-kill-"));
const environment = {
  MUSTER_DATA_DIR: data,
  MUSTER_LISTEN: `127.0.0.1:${await freePort()}`,
  MUSTER_LOG_LEVEL: "error",
};
let muster: RunningMuster | undefined;

afterAll(async () => {
  muster?.child.kill("SIGKILL");
  await muster?.ended;
  await until("PostgreSQL is gone", 30, () => postmasterOf(data) === undefined);
  rmSync(data, { recursive: true, force: true });
});

async function command(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await runMuster(["--json", ...args], environment);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out) as Record<string, unknown>;
}

/** An organization in which being in the group `staff` gives the wiki. */
async function setUp(): Promise<Endpoint> {
  await command("org", "create", "acme");
  await command("product", "add", "wiki");
  const { baseUrl, token } = (await command("directory", "add", "idp", "--kind", "scim")) as {
    baseUrl: string;
    token: string;
  };
  await command("grant", "idp/staff", "wiki", "user");
  // The clients take people out of the group at random: more than a provider may in an hour.
  await command("directory", "release", "idp", "--for", "12h", "--reason", "random changes");
  const created = await fetch(`${baseUrl}/Groups`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
    body: JSON.stringify({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "staff" }),
  });
  expect(created.status).toBe(201);
  return { baseUrl, token, group: ((await created.json()) as { id: string }).id };
}

/** Everything at once, as a power cut would; Muster alone, as the kernel's memory killer would; PostgreSQL alone. */
async function kill(round: number): Promise<void> {
  if (!muster) return;
  const postmaster = postmasterOf(data);
  if (round % 3 !== 0 && postmaster) process.kill(postmaster, "SIGKILL");
  if (round % 3 === 2) return;
  process.kill(-(muster.child.pid ?? 0), "SIGKILL");
  await muster.ended;
  muster = await startMuster(environment, { detached: true });
}

test(`${KILLS} times kill -9 while ${CLIENTS} clients write: nothing acknowledged is lost, nothing is half there`, {
  timeout: 60_000 + KILLS * 30_000,
}, async () => {
  muster = await startMuster(environment, { detached: true });
  const endpoint = await setUp();
  const next = random(seed);
  const stop = new AbortController();
  const clients = Array.from(
    { length: CLIENTS },
    (_, index) => new KillClient(endpoint, `c${index}`, random(seed + index), stop.signal),
  );
  const running = Promise.all(clients.map((client) => client.run()));
  running.catch(() => stop.abort());
  const acknowledged = (): number => clients.reduce((sum, client) => sum + client.acknowledged, 0);
  for (let round = 0; round < KILLS && !stop.signal.aborted; round++) {
    const goal = acknowledged() + 1 + Math.floor(next() * 80);
    await until("clients make progress", 60, () => acknowledged() >= goal || stop.signal.aborted);
    await kill(round);
  }
  const goal = acknowledged() + 50;
  await until("clients make progress after the last kill", 60, () => acknowledged() >= goal || stop.signal.aborted);
  stop.abort();
  await running;
  const written = clients.flatMap((client) => client.written);
  expect(written.length).toBeGreaterThan(KILLS);
  await expectAllThere(written);
  await expectNothingHalf();
});

type Row = { id: string; userName: string; name: string; member: boolean };

async function expectAllThere(written: readonly Written[]): Promise<void> {
  const rows = await statements<Row>(embeddedOwnerUrl(data), [
    `select u.id, u.user_name as "userName", u.display_name as name, exists (
       select from muster.remote_memberships m where m.organization = u.organization and m.directory_user = u.id) as member
     from muster.directory_users u where u.deleted_at is null`,
  ]);
  const held = new Map(rows.map((row) => [row.id, row]));
  for (const user of written) {
    const row = held.get(user.id);
    expect(row?.userName).toBe(user.userName);
    expect([user.name, ...user.maybeNames]).toContain(row?.name);
    if (user.member !== "maybe") expect([user.userName, row?.member]).toEqual([user.userName, user.member]);
  }
}

/** Each finds what a change that was cut in the middle would have left. */
const HALVES: Record<string, string> = {
  "a record without its account, or an account that forgot its record": `
    select u.user_name from muster.directory_users u
    left join muster.accounts a on a.organization = u.organization and a.id = u.account
    where a.canonical is distinct from u.id`,
  "an account without a record": `
    select a.user_name from muster.accounts a
    where not exists (select from muster.directory_users u where u.organization = a.organization and u.id = a.canonical)`,
  "a record whose making is not in audit exactly once": `
    select u.user_name from muster.directory_users u
    left join muster.audit t on t.organization = u.organization and t.subject = u.id and t.action = 'directory-user.created'
    group by u.organization, u.id, u.user_name having count(t.id) <> 1`,
  "a record whose making is no event exactly once": `
    select u.user_name from muster.directory_users u
    left join muster.outbox o on o.organization = u.organization and o.subject = u.id and o.kind = 'directory-user.created'
    group by u.organization, u.id, u.user_name having count(o.id) <> 1`,
  "a record with another number of updates than audit tells": `
    select u.user_name from muster.directory_users u
    left join muster.audit t on t.organization = u.organization and t.subject = u.id and t.action = 'directory-user.updated'
    group by u.organization, u.id, u.user_name, u.version having count(t.id) <> u.version - 1`,
  "a member without access, or access without membership": `
    select u.user_name from muster.directory_users u
    where exists (select from muster.remote_memberships m where m.organization = u.organization and m.directory_user = u.id)
      is distinct from exists (select from muster.live_access x where x.organization = u.organization and x.account = u.account)`,
  "an account that has mail": "select recipient from muster.mails",
};

async function expectNothingHalf(): Promise<void> {
  for (const [what, query] of Object.entries(HALVES))
    expect([what, await statements(embeddedOwnerUrl(data), [query])]).toEqual([what, []]);
}
