import net, { type AddressInfo, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { Database } from "../../src/db/connection.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { testDatabase } from "../harness/postgres.ts";
import { connectTo, throughPort } from "../harness/postgres-wire.ts";

const database = await testDatabase();

/** Between the application and PostgreSQL: takes everything and, while frozen, hands nothing on. */
let frozen = false;
const sockets = new Set<Socket>();
const wire = net.createServer((near) => {
  const far = connectTo(database.url);
  const ends: [Socket, Socket][] = [
    [near, far],
    [far, near],
  ];
  for (const [from, to] of ends) {
    sockets.add(from);
    from.on("data", (bytes) => frozen || to.write(bytes));
    from.on("close", () => to.destroy()).on("error", () => {});
  }
});
await new Promise<void>((listening) => wire.listen(0, "127.0.0.1", listening));
const through = throughPort(database.url, (wire.address() as AddressInfo).port);

const db = new Database({ ...database.settings, url: through, poolSize: 4, statementTimeout: 500 });
afterAll(async () => {
  await db.close();
  for (const socket of sockets) socket.destroy();
  wire.close();
  await database.drop();
});

const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "system", id: null, requestId: null };
const now = { text: "select now()" };

test("a database that takes questions and never answers is unavailable, and all goes on when it answers again", async () => {
  const read = () => db.of(organization).query(now);
  await Promise.all([read(), read(), db.lookUp(now)]);
  const halfWay = Promise.withResolvers<void>();
  const writing = inTransaction({ db }, actor, async (tx) => {
    await tx.query(now);
    await halfWay.promise;
    return tx.query(now);
  });
  const reading = inTransaction({ db }, actor, (tx) => tx.query(now));
  await reading;
  frozen = true;
  halfWay.resolve();
  const unavailable = { code: "unavailable", retryAfter: 5 };
  await Promise.all([
    expect(writing).rejects.toMatchObject(unavailable),
    expect(read()).rejects.toMatchObject(unavailable),
    expect(db.lookUp(now)).rejects.toMatchObject(unavailable),
  ]);
  frozen = false;
  expect(await Promise.all([read(), read(), read(), db.lookUp(now)])).toHaveLength(4);
  expect(await inTransaction({ db }, actor, (tx) => tx.query(now))).toHaveLength(1);
});
