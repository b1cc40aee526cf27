import { createServer, type Server, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { startJobs } from "../../src/jobs/start.ts";
import { enqueueDueSyncs } from "../../src/sync/schedule.ts";
import { testContext } from "../harness/postgres.ts";
import { addPerson, mailsOf, makeWorld, resend } from "../mail/world.ts";
import { silent } from "../sync/world.ts";

const ctx = await testContext({ logger: silent });
const world = await makeWorld(ctx, "acme");

/** Takes every connection and says nothing. */
const sockets: Socket[] = [];
const mute: Server = createServer((socket) => void sockets.push(socket.on("error", () => {})));
await new Promise<void>((listening) => mute.listen(0, "127.0.0.1", listening));
const { port } = mute.address() as { port: number };
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  mute.close();
});

test("as many directories as there are places, whose servers do not answer: a mail waits for none of them", async () => {
  const settings = {
    url: `ldap://127.0.0.1:${port}`,
    bindDn: "cn=reader",
    base: "dc=example",
    allowPlaintext: true,
    connectSeconds: 90,
    pageSeconds: 90,
  };
  await inTransaction(
    ctx,
    world.actor,
    async (tx) => {
      for (let number = 0; number < 20; number++)
        await addDirectory(
          tx,
          { name: `mute${number}`, kind: "ldap", settings, syncEvery: 3600 },
          { key: loadSecretKey(ctx.config), text: "secret" },
        );
      await tx.query({
        text: "update directories set next_run_at = statement_timestamp() where organization = $1 and kind = 'ldap'",
        values: [tx.organization],
      });
    },
    { lock: "exclusive" },
  );
  expect(await enqueueDueSyncs(ctx)).toBe(20);
  const jobs = await startJobs(ctx, { ownerUrl: ctx.database.ownerUrl });
  try {
    await expect.poll(() => sockets.length).toBeGreaterThanOrEqual(4);
    const account = await addPerson(ctx, world, "ann");
    await resend(ctx, world, account);
    await expect.poll(async () => (await mailsOf(ctx, world, account)).at(-1)?.state).toBe("sent");
    expect(sockets).toHaveLength(4);
  } finally {
    for (const socket of sockets) socket.destroy();
    await jobs.stop();
  }
});
