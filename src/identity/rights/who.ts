import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import { getSettings } from "../settings/settings.ts";
import { binding } from "../within.ts";
import { BUNDLES, type Bundle, PERMISSIONS_OF, permissionsOf } from "./bundles.ts";
import type { Permission, RightScope, Target } from "./permissions.ts";
import { type ScopeColumns, scopeOf, withinScopes } from "./scope.ts";

/** Somebody who could do it. R20. */
export type Holder = { id: AccountId; userName: string; email: string | null; bundle: Bundle; scope: RightScope };

type Row = Omit<Holder, "scope"> & ScopeColumns;

/** Holders who are named at most. */
const MOST_HOLDERS = 20;

/**
 * The people whose rights, in force now, give the permission for the target: those of the smallest scope first, because they are
 * nearest to the question, each once. R20.
 */
export async function holdersOf(db: Db, permission: Permission, target: Target): Promise<Holder[]> {
  const { whoMayInvite } = await getSettings(db);
  const bundles = BUNDLES.filter((bundle) => permissionsOf(bundle, whoMayInvite).has(permission));
  const rows = await db.query<Row>({
    text: `select h.id, h."userName", h.email, h.bundle, h."scopeKind", h."scopeId" from (
        select distinct on (a.id) a.id, a.user_name as "userName", a.user_name_key, a.email, r.bundle,
          r.scope_kind as "scopeKind", r.scope_id as "scopeId", r.scope_kind = 'organization' as everywhere
        from rights r join accounts a on a.organization = r.organization and a.id = r.account
        where r.organization = $1 and r.in_force and r.bundle = any ($2)
          and (r.scope_kind = 'organization' or (r.scope_kind, r.scope_id) in (($3::text, $4::uuid), ('site', $5::uuid)))
        order by a.id, everywhere, r.bundle
      ) h
      order by h.everywhere, h.user_name_key limit ${MOST_HOLDERS}`,
    values: [
      db.organization,
      bundles,
      target.kind,
      target.kind === "organization" ? null : target.id,
      target.kind === "product" ? target.site : null,
    ],
  });
  return rows.map(({ scopeKind, scopeId, ...row }) => ({ ...row, scope: scopeOf({ scopeKind, scopeId }) }));
}

/** A person with rights in force. */
export type Administrator = {
  id: AccountId;
  userName: string;
  email: string | null;
  rights: { bundle: Bundle; scope: RightScope }[];
};

/**
 * Everybody who has a right that allows anything, in force, within the scopes (null: the organization), in the order of ids.
 */
export async function listAdministrators(
  db: Db,
  query: { within: readonly RightScope[] | null; after: AccountId | null; limit: number },
): Promise<Administrator[]> {
  const values: unknown[] = [db.organization, BUNDLES.filter((bundle) => PERMISSIONS_OF[bundle].size > 0)];
  const bind = binding(values);
  const conditions = [
    "r.organization = $1 and r.in_force and r.bundle = any ($2)",
    ...(query.after === null ? [] : [`a.id > ${bind(query.after)}`]),
    ...withinScopes("r", query.within, bind),
  ];
  const rows = await db.query<Omit<Administrator, "rights"> & { rights: (ScopeColumns & { bundle: Bundle })[] }>({
    text: `select a.id, a.user_name as "userName", a.email,
        json_agg(json_build_object('bundle', r.bundle, 'scopeKind', r.scope_kind, 'scopeId', r.scope_id)
          order by r.bundle, r.id) as rights
      from rights r join accounts a on a.organization = r.organization and a.id = r.account
      where ${conditions.join(" and ")}
      group by a.organization, a.id order by a.id limit ${Math.trunc(query.limit)}`,
    values,
    prepared: true,
  });
  return rows.map((row) => ({
    ...row,
    rights: row.rights.map(({ bundle, ...columns }) => ({ bundle, scope: scopeOf(columns) })),
  }));
}
