import net, { type AddressInfo, type Socket } from "node:net";
import { afterAll, expect, test, vi } from "vitest";
import { startJobs } from "../../src/jobs/start.ts";
import { connectTo, throughPort } from "../harness/postgres-wire.ts";
import { until } from "../harness/process.ts";
import { addPerson, mailsOf, resend } from "../mail/world.ts";
import { mailingWorld } from "./mailing-world.ts";

const { ctx, database, world } = await mailingWorld();
const PATIENCE = 120;

/** Between the worker and PostgreSQL: while that one starts, it tells so whoever comes (57P03), as a real one does. */
const wire = { starting: false, refused: 0, sockets: new Set<Socket>() };
const server = net.createServer((near) => {
  wire.sockets.add(near);
  near.on("error", () => {}).on("close", () => wire.sockets.delete(near));
  if (wire.starting) {
    near.once("data", () => {
      wire.refused += 1;
      near.end(refusal("57P03", "the database system is starting up"));
    });
    return;
  }
  const far = connectTo(database.ownerUrl);
  far.on("error", () => {}).on("close", () => near.destroy());
  near.on("close", () => far.destroy());
  near.pipe(far).pipe(near);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const ownerUrl = throughPort(database.ownerUrl, (server.address() as AddressInfo).port);

afterAll(() => {
  server.close();
});

/** An ErrorResponse (PostgreSQL, frontend/backend protocol, "Message Formats"). */
function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

async function isSent(name: string): Promise<void> {
  const account = await addPerson(ctx, world, name);
  await resend(ctx, world, account);
  await vi.waitFor(
    async () => expect((await mailsOf(ctx, world, account)).map((mail) => mail.state)).toEqual(["sent"]),
    { timeout: PATIENCE * 1_000 },
  );
}

/** The database goes away and is about to come back; the worker's 20 places ask for their next job, so often together. */
async function startAgain(asked: number): Promise<void> {
  wire.starting = true;
  wire.refused = 0;
  for (const socket of wire.sockets) socket.destroy();
  await until("the worker was refused", PATIENCE, async () => wire.refused > asked);
}

test("a worker whose database is starting asks every second, works when it has started, and ends before when it is told to", async () => {
  const jobs = await startJobs(ctx, { ownerUrl: ownerUrl.toString() });
  await isSent("before");
  // Asking less and less often takes over five minutes for as many.
  await startAgain(160);
  wire.starting = false;
  await isSent("after");
  await startAgain(20);
  await jobs.stop();
});
