import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { invite } from "../../src/identity/invitations/invite.ts";
import { requeueOverdueMails } from "../../src/identity/mail-sending.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { makeWorld } from "../mail/world.ts";

/** What the server does to a mail instead of taking it; of these `after` alone leaves a copy with it. */
const TROUBLES = ["4xx", "5xx", "hang", "before", "after"] as const;

type Taken = { to: string[]; messageId: string; link: string; lost: boolean };

/**
 * A mail server in as few words as possible, so that it can do what a library would not let it: of the mails 30 % meet a trouble, by turns.
 * Whatever has arrived whole is kept, with whether its sender was told.
 */
async function troubledServer(random: () => number) {
  const taken: Taken[] = [];
  const sockets = new Set<Socket>();
  const met = new Map<string, number>();
  const state = { calm: false };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let to: string[] = [];
    let data: string | null = null;
    let rest = "";
    let trouble: string | undefined;
    const say = (line: string) => socket.writable && socket.write(`${line}\r\n`);
    const meet = (at: string): boolean => {
      if (trouble !== at) return false;
      met.set(at, (met.get(at) ?? 0) + 1);
      return true;
    };
    say("220 sink.example ESMTP");
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== null) {
          if (line !== ".") {
            data += `${line}\n`;
            continue;
          }
          const body = data.replace(/=\n/g, "").replace(/=3D/g, "=");
          const lost = meet("after");
          taken.push({
            to,
            messageId: /^Message-ID: *(\S+)/im.exec(data)?.[1] ?? "",
            link: /\/i\/(mst_inv_\w+)/.exec(body)?.[1] ?? "",
            lost,
          });
          data = null;
          if (lost) socket.destroy();
          else say("250 2.0.0 taken");
          continue;
        }
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === "MAIL") {
          to = [];
          trouble = !state.calm && random() < 0.3 ? TROUBLES[Math.floor(random() * TROUBLES.length)] : undefined;
          say("250 ok");
        } else if (verb === "RCPT") {
          if (meet("4xx")) say("451 4.3.0 try again later");
          else if (meet("5xx")) say("554 5.7.1 not today");
          else if (meet("hang")) setTimeout(() => socket.destroy(), 300);
          else {
            to.push(/<([^>]*)>/.exec(line)?.[1] ?? "");
            say("250 ok");
          }
        } else if (verb === "DATA") {
          if (meet("before")) socket.destroy();
          else {
            data = "";
            say("354 go on");
          }
        } else if (verb === "QUIT") {
          say("221 bye");
          socket.end();
        } else say("250 ok");
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    url: `smtp://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    taken,
    met,
    state,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(resolve);
      }),
  };
}

function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = randomOf(seed);
const server = await troubledServer(random);
const base = await testContext();
const DELAYS = Array.from({ length: 40 }, () => 0);
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: server.url, from: "Muster <muster@example.com>", retryDelays: DELAYS } },
};
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
afterAll(() => server.stop());

const WORKER = "storm-worker";

/** What a killed worker has asked of the database is done or undone: it holds nothing that is about to be given free. */
const gone = () =>
  until("the connections of the killed worker are gone", 60, async () => {
    const [row] = await statements<{ open: number }>(base.database.superuserUrl, [
      `select count(*)::int as open from pg_stat_activity where application_name = '${WORKER}'`,
    ]);
    return row?.open === 0;
  });

function startWorker(): ChildProcess {
  return spawn(process.execPath, ["--disable-proto=delete", new URL("worker-process.ts", import.meta.url).pathname], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      ...base.database.environment,
      MUSTER_CONFIG: "",
      MUSTER_DATA_DIR: ctx.config.dataDirectory,
      MUSTER_LOG_LEVEL: "error",
      MUSTER_MAIL_FROM: ctx.config.mail.from,
      SMTP_URL: server.url,
      PGAPPNAME: WORKER,
    },
  });
}

const stateCounts = async () =>
  Object.fromEntries(
    (
      await db.query<{ state: string; count: number }>({
        text: "select state, count(*)::int as count from mails where organization = $1 group by 1",
        values: [world.organization],
      })
    ).map(({ state, count }) => [state, count]),
  );

/** What waits for its next try is due now, and a killed worker's hold is over: rows move, not the clock. */
async function hurry(holds: boolean): Promise<void> {
  await statements(base.database.superuserUrl, [
    `update muster.mails set next_attempt_at = now() - interval '1 minute'${holds ? ", held_until = null" : ""}
      where state = 'queued'${holds ? "" : " and held_until is null and next_attempt_at > now()"}`,
  ]);
  await requeueOverdueMails(ctx.db);
  await statements(base.database.superuserUrl, [
    "update graphile_worker._private_jobs set run_at = now() where locked_at is null and run_at > now()",
    ...(holds ? ["update graphile_worker._private_jobs set locked_at = null, locked_by = null"] : []),
  ]);
}

const PEOPLE = scaled(1_000);
const KILLS = scaled(20);

test(`R67: ${PEOPLE} invitations through a server that fails 30 % of the time, with ${KILLS} kills of the worker: none lost, none to a wrong address, repeats with one Message-ID`, async () => {
  const addresses = Array.from({ length: PEOPLE }, (_, index) => `p${index}@storm.example`);
  await inTransaction(ctx, world.actor, (tx) => createLocalGroup(tx, "people"), { lock: "exclusive" });
  for (let index = 0; index < addresses.length; index += 100)
    await inTransaction(ctx, world.actor, (tx) =>
      invite(tx, ctx.config.invitations, [EVERYTHING], {
        emails: addresses.slice(index, index + 100),
        roles: [],
        groups: [],
        spaces: [],
        notify: true,
        message: null,
      }),
    );
  let killed = 0;
  let worker = startWorker();
  let mark = 0;
  const pause = Math.max(1, Math.floor(PEOPLE / (KILLS + 5)));
  for (let look = 0; look < 3_000; look++) {
    const { queued = 0, failed = 0 } = await stateCounts();
    if (killed === KILLS && queued === 0 && failed === 0) break;
    if (killed < KILLS && server.taken.length >= mark + pause) {
      // Of the mails before the next kill, and not from this one on: what goes out meanwhile must not use them up.
      mark += pause;
      const exit = once(worker, "exit");
      worker.kill("SIGKILL");
      await exit;
      await gone();
      killed += 1;
      await hurry(true);
      worker = startWorker();
    }
    // A policy that refuses for good ends a mail; an administrator has it tried again.
    if (failed > 0)
      await statements(base.database.superuserUrl, [
        "update muster.mails set state = 'queued', attempts = 0, last_reply = null where state = 'failed'",
      ]);
    if (killed === KILLS && queued > 0) server.state.calm = server.taken.length > PEOPLE;
    // Not at every look: what is about to be taken up would be touched again and again.
    if (look % 20 === 19) await hurry(false);
    await sleep(100);
  }
  const exit = once(worker, "exit");
  worker.kill("SIGTERM");
  worker.kill("SIGKILL");
  await exit;

  expect(await stateCounts()).toEqual({ sent: PEOPLE });
  expect(killed).toBe(KILLS);
  const mails = await db.query<{ id: string; recipient: string }>({
    text: "select id, recipient from mails where organization = $1",
    values: [world.organization],
  });
  const recipientOf = new Map(
    mails.map(({ id, recipient }) => [`<${id}@${new URL(ctx.config.publicUrl).hostname}>`, recipient]),
  );
  // None lost, none invented, none to somebody else.
  expect([...new Set(server.taken.flatMap(({ to }) => to))].sort()).toEqual([...addresses].sort());
  for (const { to, messageId } of server.taken) expect(to).toEqual([recipientOf.get(messageId)]);
  const copies = Map.groupBy(server.taken, ({ messageId }) => messageId);
  expect(copies.size).toBe(PEOPLE);
  let repeats = 0;
  for (const [id, all] of copies) {
    expect(new Set(all.map(({ link }) => link)).size, id).toBe(1);
    repeats += all.length - 1;
  }
  // Each repeat has its reason: the line dropped after DATA, or the worker was killed with mails on the way, 16 at most.
  const dropped = server.taken.filter(({ lost }) => lost).length;
  expect(repeats).toBeLessThanOrEqual(dropped + 16 * KILLS);
  expect(repeats).toBeGreaterThanOrEqual(dropped);
  for (const trouble of TROUBLES) expect(server.met.get(trouble) ?? 0, trouble).toBeGreaterThan(0);
}, 540_000);
