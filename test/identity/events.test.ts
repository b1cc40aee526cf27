import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { type EventPosition, listEvents } from "../../src/identity/events.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();

test("events come in the order of their transactions' numbers, not of the digits, also where one digit more begins", async () => {
  const organization = newId<OrganizationId>();
  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  await inTransaction(ctx, actor, (tx) => createOrganization(tx, { key: "events" }), { lock: "exclusive" });
  for (let number = 0; number < 5; number++)
    await inTransaction(ctx, actor, (tx) =>
      recordChanges(tx, [
        { action: `event.${number}`, subjectKind: "organization", subject: organization, event: true },
      ]),
    );
  // As if the five had been numbered 8, 9, 10, 99 and 100.
  for (const [number, transaction] of [8, 9, 10, 99, 100].entries())
    await statements(ctx.database.superuserUrl, [
      `update muster.outbox set transaction = '${transaction}' where kind = 'event.${number}'`,
    ]);
  const seen: string[] = [];
  let after: EventPosition | null = null;
  for (;;) {
    const [event] = await listEvents(ctx.db.of(organization), { after, within: null, limit: 1 });
    if (!event) break;
    if (event.kind.startsWith("event.")) seen.push(event.kind);
    after = { transaction: event.transaction, id: event.id };
  }
  expect(seen).toEqual(["event.0", "event.1", "event.2", "event.3", "event.4"]);
});
