import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { listEvents } from "../../src/identity/events.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { dispatchEvents } from "../../src/identity/webhook-dispatch.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();
const organization = newId<OrganizationId>();
const actor = { organization, kind: "system", id: null, requestId: null } as const;
const EVENTS = scaled(200_000);
/** Of each transaction, numbered from 1 on. */
const TOGETHER = 1_000;
const WEBHOOKS = 2;
/** Behind the place where each reader stands. */
const NEWS = 10;

await inTransaction(ctx, actor, (tx) => createOrganization(tx, { key: "long" }), { lock: "exclusive" });
await statements(ctx.database.superuserUrl, [
  "delete from muster.outbox",
  `insert into muster.outbox (organization, transaction, kind, subject_kind, subject)
    select '${organization}', (1 + (n - 1) / ${TOGETHER})::text::xid8, 'user.changed', 'user', gen_random_uuid()
    from generate_series(1, ${EVENTS}) n order by n`,
  "vacuum analyze muster.outbox",
]);
const [place] = await statements<{ transaction: string; id: number }>(ctx.database.superuserUrl, [
  `select o.transaction::text, o.id::int from muster.outbox o order by o.transaction desc, o.id desc limit 1 offset ${NEWS}`,
]);
if (!place) throw new Error("no events");
await statements(ctx.database.superuserUrl, [
  `insert into muster.webhooks (organization, id, name, url, secret, after_transaction, after_event, since, created_by_kind)
    select '${organization}', gen_random_uuid(), 'x', 'https://receiver.example', 'x', '${place.transaction}', ${place.id}, '1:1:', 'system'
    from generate_series(1, ${WEBHOOKS})`,
]);

// Comparing transactions is leakproof and searches the index under the policy too; with coalesce() in the comparison it is
// not, and every look would read all events of the organization. Rows are counted, so a busy machine changes nothing.

/** How many rows of the outbox the database touches for `work`, those that it passes over too. */
async function touched<T>(work: (tx: Tx) => Promise<T>): Promise<{ rows: number; found: T }> {
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      // A row that is read from the index alone, as all are once vacuum has seen them, is counted nowhere.
      await tx.query({ text: "select set_config('enable_indexonlyscan', 'off', true)" });
      const before = await read(tx);
      const found = await work(tx);
      return { rows: (await read(tx)) - before, found };
    },
    { lock: "none" },
  );
}

async function read(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ rows: number }>({
    text: `select (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables
      where schemaname = 'muster' and relname = 'outbox'`,
  });
  if (!row) throw new Error("nothing is counted");
  return row.rows;
}

const asAll = (tx: Tx) => listEvents(tx, { after: place, within: null, limit: 100 });
const asOne = (tx: Tx) => listEvents(tx, { after: place, within: [{ kind: "product", id: newId() }], limit: 100 });
const behind = (tx: Tx) => tx.query({ text: "select webhook from webhooks_behind(1000)" });

test.each([
  { what: "who lists events", work: asAll, finds: NEWS, most: NEWS },
  { what: "who sees one product only", work: asOne, finds: 0, most: NEWS },
  { what: "the question which webhooks are behind", work: behind, finds: WEBHOOKS, most: WEBHOOKS * NEWS },
])("$what touches what came after its place, not the whole outbox", async ({ work, finds, most }) => {
  const { rows, found } = await touched<unknown[]>(work);
  expect(found).toHaveLength(finds);
  // One for each by the index; none would mean that nothing is counted.
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThanOrEqual(most);
});

test("the dispatcher touches what came after each webhook's place, not the whole outbox", async () => {
  const { rows } = await touched(dispatchEvents);
  const [made] = await statements<{ count: number }>(ctx.database.superuserUrl, [
    "select count(*)::int from muster.webhook_deliveries",
  ]);
  expect(made?.count).toBe(WEBHOOKS * NEWS);
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThanOrEqual(WEBHOOKS * NEWS);
});
