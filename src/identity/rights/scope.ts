import type { Db } from "../../db/connection.ts";
import { parseId, type SiteId } from "../../db/id.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { resolveGroup } from "../groups.ts";
import { resolveProduct } from "../products.ts";
import { resolveSite } from "../sites.ts";
import type { Bind } from "../within.ts";
import type { RightScope, Target } from "./permissions.ts";

/** How rows hold a scope; the organization's own has no id, or its id. */
export type ScopeColumns = { scopeKind: RightScope["kind"]; scopeId: string | null };

export function scopeOf({ scopeKind, scopeId }: ScopeColumns): RightScope {
  return scopeKind === "organization" ? { kind: scopeKind } : ({ kind: scopeKind, id: scopeId } as RightScope);
}

/** What a right for this scope would be about, or undefined when the organization has nothing of the kind with the id. */
export async function targetOf(db: Db, scope: RightScope): Promise<Target | undefined> {
  if (scope.kind === "organization") return scope;
  const [row] = await db.query<{ site: SiteId | null }>({
    text: `select s.id as site from sites s where $2 = 'site' and s.organization = $1 and s.id = $3
      union all
      select p.site from products p where $2 = 'product' and p.organization = $1 and p.id = $3
      union all
      select null from groups g where $2 = 'group' and g.organization = $1 and g.id = $3 and g.deleted_at is null`,
    values: [db.organization, scope.kind, scope.id],
  });
  if (!row) return undefined;
  return scope.kind === "product" ? { ...scope, site: row.site as SiteId } : scope;
}

/** @throws MusterError `not-found` when the organization has nothing of the kind with the id. */
export async function knownTarget(db: Db, scope: RightScope): Promise<Target> {
  const target = await targetOf(db, scope);
  if (!target) throw new MusterError("not-found", `there is no ${scope.kind} with this id`, { at: "scope" });
  return target;
}

/**
 * What people call a row's scope, in SQL: a site's key, SITE/KEY of a product, a group's name; null for the organization. Looked up
 * row by row: tables that are joined make a statement's plan dearer than its rows.
 */
export function scopeNameSql(row: string): string {
  const named = (alias: string) => `${alias}.organization = ${row}.organization and ${alias}.id = ${row}.scope_id`;
  return `case ${row}.scope_kind
    when 'site' then (select s.key from sites s where ${named("s")})
    when 'product' then (select s.key || '/' || p.key from products p
      join sites s on s.organization = p.organization and s.id = p.site where ${named("p")})
    when 'group' then (select g.name from groups g where ${named("g")}) end`;
}

/**
 * Conditions that a row's scope lies within these scopes (null: the organization, so all do). The row's columns are called
 * `scope_kind` and `scope_id`. @param row the row's alias.
 */
export function withinScopes(row: string, scopes: readonly RightScope[] | null, bind: Bind): string[] {
  if (scopes === null) return [];
  const held = scopes.filter((scope) => scope.kind !== "organization");
  const kinds = bind(held.map((scope) => scope.kind));
  const ids = bind(held.map((scope) => scope.id));
  return [
    `exists (select from unnest(${kinds}::text[], ${ids}::uuid[]) h (kind, id)
      where (h.kind = ${row}.scope_kind and h.id = ${row}.scope_id) or (h.kind = 'site' and ${row}.scope_kind = 'product'
        and exists (select from products hp
          where hp.organization = ${row}.organization and hp.id = ${row}.scope_id and hp.site = h.id)))`,
  ];
}

/**
 * The scope that people mean by `organization`, `site:KEY`, `product:KEY` (or `product:SITE/KEY`), `group:DIRECTORY/NAME`, each also
 * with an id. @throws MusterError `usage`, `not-found`, `conflict` with candidates.
 */
export async function resolveScope(db: Db, text: string): Promise<RightScope> {
  if (text === "organization") return { kind: "organization" };
  const [, kind, name = ""] = /^(site|product|group):(.+)$/s.exec(text) ?? [];
  const id = parseId<never>(name);
  switch (kind) {
    case "site":
      return { kind, id: id ?? (await resolveSite(db, name)).id };
    case "product": {
      const [key = "", site] = name.split("/").reverse();
      return { kind, id: id ?? (await resolveProduct(db, key, site)).id };
    }
    case "group": {
      const group = await resolveGroup(db, id === undefined ? name : `id:${id}`);
      if (!("id" in group)) throw new MusterError("not-found", `there is no group ${name} yet`, { at: text });
      return { kind, id: group.id };
    }
    default:
      throw new MusterError("usage", "a scope is organization, site:KEY, product:KEY or group:DIRECTORY/NAME", {
        at: text,
      });
  }
}

/**
 * The same as a target; undefined when there is no one such thing, whatever its name looks like: a name that several have
 * is not told from one that nobody has, because they may be out of the caller's reach.
 */
export async function targetNamed(db: Db, text: string): Promise<Target | undefined> {
  try {
    return await targetOf(db, await resolveScope(db, text));
  } catch (error) {
    if (isMusterError(error) && ["not-found", "usage", "conflict"].includes(error.code)) return undefined;
    throw error;
  }
}
