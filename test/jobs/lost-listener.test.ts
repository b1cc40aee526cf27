import net, { type AddressInfo, type Socket } from "node:net";
import { afterAll, expect, test, vi } from "vitest";
import type { Context } from "../../src/context.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { testContext } from "../harness/postgres.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { addPerson, mailsOf, makeWorld, resend } from "../mail/world.ts";
import { silent } from "../sync/world.ts";

const sink = await startSmtpSink();
const base = await testContext({ logger: silent });
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0, 0] } },
};
const target = new URL(base.database.ownerUrl);
const directory = target.searchParams.get("host");
const port = Number(target.port || 5432);

/** Between the workers and PostgreSQL. While hostile, it keeps back who begins to listen, and cuts off who asks for the ids of its tasks. */
let hostile = true;
let cut = 0;
const listening: Socket[] = [];
const sockets = new Set<Socket>();
const wire = net.createServer((near) => {
  const far = directory ? net.connect(`${directory}/.s.PGSQL.${port}`) : net.connect(port, target.hostname);
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
const ownerUrl = new URL(base.database.ownerUrl);
ownerUrl.searchParams.delete("host");
ownerUrl.hostname = "127.0.0.1";
ownerUrl.port = String((wire.address() as AddressInfo).port);

afterAll(async () => {
  await sink.stop();
  for (const socket of sockets) socket.destroy();
  wire.close();
});

test("a worker that is given up while it begins to listen, and loses that connection then, does not end the process", async () => {
  const world = await makeWorld(ctx, "acme");
  const account = await addPerson(ctx, world, "ann");
  const jobs = await startJobs(ctx, { ownerUrl: ownerUrl.toString() });
  try {
    // Both workers have been given up, and each stands with a connection that it waits to give back.
    await vi.waitFor(() => expect(Math.min(cut, listening.length)).toBeGreaterThanOrEqual(2), { timeout: 30_000 });
    hostile = false;
    await resend(ctx, world, account);
    for (const socket of listening) socket.destroy();
    await vi.waitFor(
      async () => expect((await mailsOf(ctx, world, account)).map((mail) => mail.state)).toEqual(["sent"]),
      { timeout: 60_000 },
    );
  } finally {
    await jobs.stop();
  }
});
