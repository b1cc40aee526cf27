import type { Db } from "../db/connection.ts";
import { newId, type ProductId, type SpaceId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import type { IdPage } from "./within.ts";

export type Space = { id: SpaceId; key: string; name: string };

/**
 * A new space of a product; having access to the product gives nothing in it. R6.
 * Before: the product is one of the organization's. After: the space stands, empty, with an audit row.
 * @throws MusterError `uniqueness`, `invalid` (the key's form).
 */
export async function createSpace(tx: Tx, product: ProductId, input: { key: string; name?: string }): Promise<Space> {
  const space = { id: newId<SpaceId>(), key: input.key, name: input.name ?? input.key };
  await tx.query({
    text: "insert into spaces (organization, id, product, key, name) values ($1, $2, $3, $4, $5)",
    values: [tx.organization, space.id, product, space.key, space.name],
  });
  await recordChanges(tx, [
    { action: "space.created", subjectKind: "space", subject: space.id, detail: { key: space.key, product } },
  ]);
  return space;
}

/** Gives a space another name; its key and guests stay. Before: any. After: it has the name. Returns whether it had another. */
export async function renameSpace(tx: Tx, id: SpaceId, name: string): Promise<boolean> {
  const rows = await tx.query({
    text: "update spaces set name = $3 where organization = $1 and id = $2 and name <> $3 returning id",
    values: [tx.organization, id, name],
  });
  if (rows.length > 0)
    await recordChanges(tx, [{ action: "space.updated", subjectKind: "space", subject: id, detail: { name } }]);
  return rows.length > 0;
}

/** A product's spaces by key. */
export async function listSpaces(db: Db, product: ProductId): Promise<Space[]> {
  return db.query<Space>({
    text: "select id, key, name from spaces where organization = $1 and product = $2 order by key",
    values: [db.organization, product],
  });
}

/** A page of a product's spaces, in the order of their ids. */
export async function pageOfSpaces(db: Db, product: ProductId, page: IdPage<SpaceId>): Promise<Space[]> {
  return db.query<Space>({
    text: `select id, key, name from spaces
      where organization = $1 and product = $2 ${page.after === null ? "" : "and id > $3"}
      order by id limit ${Math.trunc(page.limit)}`,
    values: [db.organization, product, ...(page.after === null ? [] : [page.after])],
    prepared: true,
  });
}

/** The space with this key in a product. R6. @throws MusterError `not-found`. */
export async function resolveSpace(db: Db, product: ProductId, key: string): Promise<Space> {
  const [found] = await db.query<Space>({
    text: "select id, key, name from spaces where organization = $1 and product = $2 and key = $3",
    values: [db.organization, product, key],
  });
  if (!found) throw new MusterError("not-found", `this product has no space ${key}`, { at: "space" });
  return found;
}
