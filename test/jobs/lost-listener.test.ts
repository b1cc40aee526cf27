import net, { type AddressInfo, type Socket } from "node:net";
import { afterAll, expect, test, vi } from "vitest";
import { startJobs } from "../../src/jobs/start.ts";
import { connectTo, throughPort } from "../harness/postgres-wire.ts";
import { addPerson, resend } from "../mail/world.ts";
import { mailingWorld } from "./mailing-world.ts";

const { ctx, database, world, sent } = await mailingWorld();

/** Between the workers and PostgreSQL. While hostile, it keeps back who begins to listen, and cuts off who asks for the ids of its tasks. */
let hostile = true;
let cut = 0;
const listening: Socket[] = [];
const sockets = new Set<Socket>();
const wire = net.createServer((near) => {
  const far = connectTo(database.ownerUrl);
  for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
  far.on("data", (bytes) => near.write(bytes)).on("close", () => near.destroy());
  near.on("close", () => far.destroy());
  near.on("data", (bytes) => {
    const text = hostile ? bytes.toString("latin1") : "";
    if (text.includes('LISTEN "jobs:insert"')) listening.push(near);
    else if (text.includes("_private_tasks as tasks (identifier)")) {
      cut += 1;
      near.destroy();
    } else far.write(bytes);
  });
});
await new Promise<void>((ready) => wire.listen(0, "127.0.0.1", ready));
const ownerUrl = throughPort(database.ownerUrl, (wire.address() as AddressInfo).port);

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  wire.close();
});

test("a worker that is given up while it begins to listen, and loses that connection then, does not end the process", async () => {
  const account = await addPerson(ctx, world, "ann");
  const jobs = await startJobs(ctx, { ownerUrl });
  try {
    // Both workers have been given up, and each stands with a connection that it waits to give back.
    await vi.waitFor(() => expect(Math.min(cut, listening.length)).toBeGreaterThanOrEqual(2), { timeout: 30_000 });
    hostile = false;
    await resend(ctx, world, account);
    for (const socket of listening) socket.destroy();
    await sent(account, 60_000);
  } finally {
    await jobs.stop();
  }
});
