import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Db, Statement } from "../../src/db/connection.ts";
import { newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { sealAudit } from "../../src/identity/audit-seals.ts";
import { verifyAudit } from "../../src/identity/audit-verification.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { sealOnce } from "../../src/jobs/seal-audit.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { company } from "./inviting-company.ts";

const ctx = await testContext();
const key = loadSecretKey(ctx.config);

type Company = Awaited<ReturnType<typeof company>>;

const note = ({ write }: Company) =>
  write(
    (tx) => recordChanges(tx, [{ action: "a.note", subjectKind: "group", subject: newId(), detail: {} }]),
    "shared",
  );

const sealsOf = async ({ db }: Company) => (await verifyAudit(db, key)).seals;

/** Other tests' transactions on this server keep rows back for as long as they run. */
async function untilOneMore(acme: Company, seal: () => Promise<unknown>): Promise<void> {
  const before = await sealsOf(acme);
  while ((await sealsOf(acme)) === before) {
    await seal();
    await sleep(20);
  }
}

test("a seal that is made while somebody verifies is no fault, wherever it comes between", async () => {
  const acme = await company(ctx);
  const seal = () => inTransaction(ctx, acme.actor, (tx) => sealAudit(tx, key), { lock: "none" });
  await untilOneMore(acme, seal);
  let asked = 0;
  for (let before = 0; before === 0 || before < asked; before++) {
    await note(acme);
    const after = (await verifyAudit(acme.db, key)).head?.position;
    asked = 0;
    const between: Db = {
      organization: acme.organization,
      query: async <Row>(statement: Statement) => {
        if (asked++ === before) await untilOneMore(acme, seal);
        return acme.db.query<Row>(statement);
      },
    };
    expect(await verifyAudit(between, key, { after }), `before statement ${before}`).toMatchObject({ fault: null });
  }
  expect(asked).toBeGreaterThan(3);
});

test("an organization whose audit cannot be sealed keeps no other's from it, and is told of", async () => {
  const both = [await company(ctx), await company(ctx)];
  const [broken, sound] = both as [Company, Company];
  for (const each of both) await note(each);
  await statements(ctx.database.superuserUrl, [
    `alter table muster.audit_seals add constraint none_for_one check (organization <> '${broken.organization}')`,
  ]);
  let wrong: unknown;
  await untilOneMore(sound, async () => {
    ({ wrong } = await sealOnce(ctx, key));
  });
  expect(wrong).toMatchObject({ code: "unavailable" });
  expect(await verifyAudit(sound.db, key)).toMatchObject({ fault: null });
  expect(await sealsOf(broken)).toBe(0);
});
