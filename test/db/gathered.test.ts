import { expect, test } from "vitest";
import type { KeyedRead } from "../../src/db/gathered.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { listSites } from "../../src/identity/sites.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const PRODUCTS = 70;

/** Two organizations with products of the same keys, and ids of their own. */
async function organization(): Promise<{ id: OrganizationId; products: Map<string, string> }> {
  const id = newId<OrganizationId>();
  const products = new Map<string, string>();
  await inTransaction(
    ctx,
    { organization: id, kind: "system", id: null, requestId: null },
    async (tx) => {
      await createOrganization(tx, { key: `org-${id.slice(-12)}` });
      const [site] = await listSites(tx);
      if (!site) throw new Error("an organization has a site");
      for (let place = 0; place < PRODUCTS; place++)
        products.set(`p${place}`, (await createProduct(tx, site, { key: `p${place}` })).id);
    },
    { lock: "exclusive" },
  );
  return { id, products };
}

const ours = await organization();
const theirs = await organization();

type Product = { id: string; key: string };
const read = (name: string, table = "products"): KeyedRead => ({
  name,
  text: `select p.id, p.key from ${table} p where p.key <> $1 and p.key = any ((select $2::text[])::text[])`,
  values: ["p13"],
});

/** Statements that were sent meanwhile: each takes a connection of its own. */
async function counting<T>(work: () => Promise<T>): Promise<{ statements: number; result: T }> {
  let statements = 0;
  const count = () => void statements++;
  ctx.db.pool.on("acquire", count);
  try {
    const result = await work();
    return { statements, result };
  } finally {
    ctx.db.pool.off("acquire", count);
  }
}

test("reads of one moment are one statement for every eight keys, and each gets its own row or none", async () => {
  const db = ctx.db.of(ours.id);
  const wanted = [...ours.products.keys(), "unknown", "p0", "p13"];
  const { statements, result } = await counting(() =>
    Promise.all(wanted.map((key) => db.find<Product>(read("products-by-key"), key))),
  );
  expect(statements).toBe(Math.ceil(wanted.length / 8));
  result.forEach((row, place) => {
    const key = wanted[place] ?? "";
    expect(row?.id).toBe(key === "p13" ? undefined : ours.products.get(key));
  });
});

test("reads of different organizations, statements and parameters are never one", async () => {
  const other = { ...read("products-by-key"), values: ["p0"] };
  const [mine, foreign, named, without] = await Promise.all([
    ctx.db.of(ours.id).find<Product>(read("products-by-key"), "p0"),
    ctx.db.of(theirs.id).find<Product>(read("products-by-key"), "p0"),
    ctx.db
      .of(ours.id)
      .find<Product>({ ...read("again"), text: "select 'again' as id, 'p0' as key where $1 <> ($2::text[])[1]" }, "p0"),
    ctx.db.of(ours.id).find<Product>(other, "p0"),
  ]);
  expect(mine?.id).toBe(ours.products.get("p0"));
  expect(foreign?.id).toBe(theirs.products.get("p0"));
  expect(named?.id).toBe("again");
  expect(without).toBeUndefined();
});

test("what is asked for later is a statement of its own, which sees what was written meanwhile", async () => {
  const db = ctx.db.of(ours.id);
  const actor = { organization: ours.id, kind: "system", id: null, requestId: null } as const;
  expect(await db.find<Product>(read("products-by-key"), "late")).toBeUndefined();
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [site] = await listSites(tx);
      if (site) await createProduct(tx, site, { key: "late" });
    },
    { lock: "exclusive" },
  );
  expect(await db.find<Product>(read("products-by-key"), "late")).toMatchObject({ key: "late" });
});

test("a key that PostgreSQL cannot hold is refused alone; a statement that fails, fails for all and for nobody later", async () => {
  const db = ctx.db.of(ours.id);
  const [bad, good] = await Promise.allSettled([
    db.find<Product>(read("products-by-key"), "p\0"),
    db.find<Product>(read("products-by-key"), "p1"),
  ]);
  expect(bad).toMatchObject({ status: "rejected", reason: { code: "invalid-value" } });
  expect(good).toMatchObject({ status: "fulfilled", value: { key: "p1" } });
  const broken = read("no-table", "no_such_table");
  const all = await Promise.allSettled([db.find(broken, "p1"), db.find(broken, "p2")]);
  for (const each of all) expect(each).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
  expect(await db.find<Product>(read("products-by-key"), "p2")).toMatchObject({ key: "p2" });
});
