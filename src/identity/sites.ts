import type { Db } from "../db/connection.ts";
import { newId, type SiteId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import { binding, type IdPage, inScopes, type Within } from "./within.ts";

export type Site = { id: SiteId; key: string; name: string };

/**
 * A new site of the organization. R2. Before: any. After: it stands without products, with an audit row.
 * @throws MusterError `uniqueness`, `invalid` (the key's form).
 */
export async function createSite(tx: Tx, input: { key: string; name?: string }): Promise<Site> {
  const site = { id: newId<SiteId>(), key: input.key, name: input.name ?? input.key };
  await tx.query({
    text: "insert into sites (organization, id, key, name) values ($1, $2, $3, $4)",
    values: [tx.organization, site.id, site.key, site.name],
  });
  await recordChanges(tx, [
    { action: "site.created", subjectKind: "site", subject: site.id, detail: { key: site.key } },
  ]);
  return site;
}

/** Gives a site another name; its key and products stay. Before: any. After: it has the name. Returns whether it had another. */
export async function renameSite(tx: Tx, id: SiteId, name: string): Promise<boolean> {
  const rows = await tx.query({
    text: "update sites set name = $3 where organization = $1 and id = $2 and name <> $3 returning id",
    values: [tx.organization, id, name],
  });
  if (rows.length > 0)
    await recordChanges(tx, [{ action: "site.updated", subjectKind: "site", subject: id, detail: { name } }]);
  return rows.length > 0;
}

/** The organization's sites by key. */
export async function listSites(db: Db): Promise<Site[]> {
  return db.query<Site>({
    text: "select id, key, name from sites where organization = $1 order by key",
    values: [db.organization],
  });
}

/** A page of the sites within the scopes, in the order of their ids. */
export async function pageOfSites(db: Db, page: IdPage<SiteId> & { within: Within }): Promise<Site[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const behind = page.after === null ? "" : `and id > ${bind(page.after)}`;
  return db.query<Site>({
    text: `select id, key, name from sites where organization = $1 ${behind} and ${inScopes(page.within, "site", "id", bind)}
      order by id limit ${Math.trunc(page.limit)}`,
    values,
    prepared: true,
  });
}

/** The site with this key. @throws MusterError `not-found`. */
export async function getSite(db: Db, key: string): Promise<Site> {
  const [site] = await db.query<Site>({
    text: "select id, key, name from sites where organization = $1 and key = $2",
    values: [db.organization, key],
  });
  if (!site) throw new MusterError("not-found", "there is no such site", { at: "site" });
  return site;
}

/**
 * The site with this key, or the only one when no key is given.
 * @throws MusterError `not-found`; `usage` when several exist and no key was given, naming them.
 */
export async function resolveSite(db: Db, key: string | undefined): Promise<Site> {
  const all = await listSites(db);
  const found = key === undefined && all.length === 1 ? all[0] : all.find((site) => site.key === key);
  if (found) return found;
  if (key !== undefined) throw new MusterError("not-found", `there is no site ${key}`, { at: "--site" });
  const keys = all.map((site) => site.key);
  throw new MusterError("usage", `name one of the sites with --site: ${keys.join(", ")}`, {
    at: "--site",
    candidates: keys,
  });
}
