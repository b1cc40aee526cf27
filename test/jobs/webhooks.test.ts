import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Context } from "../../src/context.ts";
import { newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { parseEventId } from "../../src/identity/events.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { createWebhook } from "../../src/identity/webhooks.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { makeWorld } from "../mail/world.ts";
import { type Received, signatureOf, startReceiver } from "./webhook-receiver.ts";

const webhooks = {
  allowPrivate: true,
  retryDelays: Array(20).fill(0),
  timeout: 1_000,
  concurrency: 16,
  disableAfter: 5,
};
const base = await testContext();
const ctx: Context = { ...base, config: { ...base.config, webhooks } };
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
const receiver = await startReceiver();
const settings = join(ctx.config.dataDirectory, "worker.yaml");
writeFileSync(settings, stringify({ webhooks }));
const workers = new Set<ChildProcess>();
afterAll(async () => {
  await Promise.all([...workers].map(kill));
  await receiver.stop();
});

function startWorker(): ChildProcess {
  const worker = spawn(process.execPath, ["--disable-proto=delete", join(import.meta.dirname, "worker-process.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      ...base.database.environment,
      MUSTER_CONFIG: settings,
      MUSTER_DATA_DIR: ctx.config.dataDirectory,
      MUSTER_LOG_LEVEL: "error",
      // What a proxy would be told of must go to the receiver itself.
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: "http://127.0.0.1:9",
    },
  });
  workers.add(worker);
  return worker;
}

async function kill(worker: ChildProcess): Promise<void> {
  workers.delete(worker);
  const exited = worker.exitCode === null && worker.signalCode === null ? once(worker, "exit") : undefined;
  worker.kill("SIGKILL");
  await exited;
}

test("a receiver that fails a third of the time, workers killed meanwhile: every event, in order per subject, signed, none before its commit", async () => {
  const { secret } = await inTransaction(
    ctx,
    world.actor,
    (tx) =>
      createWebhook(
        tx,
        { name: "all", url: receiver.url, kinds: [], product: null },
        { key: loadSecretKey(ctx.config), allowPrivate: true },
      ),
    { lock: "none" },
  );
  const chance = random(seed);
  const [subjects, each] = [20, scaled(100)];
  const rounds = scaled(10) + 1;
  const accepted: Received[] = [];
  const early: string[] = [];
  receiver.answer = async (received, response, request) => {
    const position = parseEventId(received.id);
    const [row] = await db.query<{ id: number }>({
      text: "select id from outbox where organization = $1 and id = $2",
      values: [world.organization, position?.id ?? 0],
    });
    if (!row) early.push(received.id);
    const dice = chance();
    if (dice < 0.06) return void response.writeHead(500).end("not now");
    if (dice < 0.12) return; // Hangs.
    if (dice < 0.18) return void request.socket.destroy();
    if (dice < 0.24) return void response.writeHead(429, { "retry-after": String(Math.round(chance())) }).end();
    if (dice < 0.27) return void response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end();
    if (dice < 0.3) await new Promise((resolve) => setTimeout(resolve, 400));
    accepted.push(received);
    response.writeHead(200).end("thanks");
  };
  let [first, second] = [startWorker(), startWorker()];

  const write = (subject: string, number: number, end: "commit" | "roll back" | Promise<void>) =>
    inTransaction(
      ctx,
      world.actor,
      async (tx) => {
        await recordChanges(tx, [
          { action: "account.suspended", subjectKind: "account", subject, detail: { number }, event: true },
        ]);
        if (end === "roll back") throw new Error("changed my mind");
        if (end !== "commit") await end;
      },
      { lock: "none" },
    );
  const names = Array.from({ length: subjects }, () => newId<never>() as string);
  const writers = names.map(async (subject) => {
    for (let number = 0; number < each; number++) {
      if (chance() < 0.1) await expect(write(subject, -1, "roll back")).rejects.toThrow("changed my mind");
      const hold = chance() < 0.02 ? new Promise<void>((resolve) => setTimeout(resolve, 300)) : "commit";
      await write(subject, number, hold);
    }
  });
  const total = subjects * each;
  const numberOf = ({ body }: Received) => JSON.parse(body).data.detail.number as number;
  const delivered = () => new Set(accepted.map((received) => received.id)).size;
  for (let kills = 0; kills < rounds; kills++) {
    const reached = Math.round((total * (kills + 1)) / (rounds + 2));
    await until(`${reached} of ${total} delivered`, 300, () => delivered() >= reached);
    await kill(first);
    [first, second] = [second, startWorker()];
  }
  await Promise.all(writers);
  await until(`all ${total} delivered`, 300, () => delivered() === total);

  for (const subject of names) {
    const order = accepted.filter((received) => JSON.parse(received.body).data.subject.id === subject).map(numberOf);
    expect(order.filter((number, place) => order.indexOf(number) === place)).toEqual(
      Array.from({ length: each }, (_, number) => number),
    );
  }
  expect(early).toEqual([]);
  // Whatever followed the redirect would come without a signature.
  expect(receiver.received.every((received) => received.signatures.includes(signatureOf(secret, received)))).toBe(true);
  // The same event is always the same message, whoever sends it.
  expect(new Set(receiver.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(total);
  expect(accepted.some((received) => numberOf(received) === -1)).toBe(false);
  await until("all recorded", 300, async () => {
    const rows = await db.query<{ state: string; count: number }>({
      text: "select state, count(*) as count from webhook_deliveries where organization = $1 group by state",
      values: [world.organization],
    });
    return rows.length === 1 && rows[0]?.state === "delivered" && rows[0].count === total;
  });
}, 1_800_000);
