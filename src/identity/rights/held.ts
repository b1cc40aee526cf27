import type { Db } from "../../db/connection.ts";
import type { AccountId, SiteId } from "../../db/id.ts";
import { DEFAULT_SETTINGS } from "../settings/form.ts";
import type { FoundToken } from "../tokens.ts";
import { type Bundle, permissionsOf, type WhoMayInvite } from "./bundles.ts";
import { covers, type Held, PERMISSIONS, type Permission, type RightScope, type Target } from "./permissions.ts";
import { type ScopeColumns, scopeOf, targetOf } from "./scope.ts";

/** What may be done by whoever may do everything. */
export const EVERYTHING: Held = { permissions: new Set(PERMISSIONS), scope: { kind: "organization" } };

/** What a product's own token may do with its product. */
export const OF_A_PRODUCTS_TOKEN: readonly Permission[] = ["access:check", "access:read", "events:read"];

/** What a token was made for, whatever its owner may by now. */
function grantedToToken({ product, permissions, scopeKind, scopeId }: TokenRights): Held {
  if (product !== null) return { permissions: new Set(OF_A_PRODUCTS_TOKEN), scope: { kind: "product", id: product } };
  // A permission that there is no more is nobody's.
  const known = permissions === null ? PERMISSIONS : PERMISSIONS.filter((one) => permissions.includes(one));
  return { permissions: new Set(known), scope: scopeOf({ scopeKind, scopeId }) };
}

type TokenRights = Pick<FoundToken, "product" | "permissions" | "scopeKind" | "scopeId">;

/**
 * What a token of the administration, or of a product, may do now. A person's own token does nothing that the person
 * may not, so what was taken from them is gone with the next request.
 */
export async function heldByToken(db: Db, found: FoundToken): Promise<readonly Held[]> {
  const granted = grantedToToken(found);
  return found.owner === null ? [granted] : bothHold(db, granted, await rightsInForce(db, found.owner));
}

/** What the token and one of the rights allow together, for the smaller of their scopes. */
async function bothHold(db: Db, token: Held, rights: readonly InForce[]): Promise<Held[]> {
  const target = await targetOf(db, token.scope);
  return rights.flatMap(({ permissions, scope, target: of }) => {
    const smaller = covers(token.scope, of) ? scope : target && covers(scope, target) ? token.scope : undefined;
    return smaller ? [{ permissions: permissions.intersection(token.permissions), scope: smaller }] : [];
  });
}

/**
 * The rights of a person that are in force now: nothing for one who is deactivated or suspended, and no right that is
 * parked (design §7). Read for each request, so that what was taken away is gone with the next one.
 */
export async function heldByAccount(db: Db, account: AccountId): Promise<readonly Held[]> {
  return rightsInForce(db, account);
}

type InForce = Held & { target: Target };

async function rightsInForce(db: Db, account: AccountId): Promise<readonly InForce[]> {
  const rows = await db.query<{ bundle: Bundle; site: SiteId | null; whoMayInvite: WhoMayInvite } & ScopeColumns>({
    name: "rights-in-force",
    text: `select r.bundle, r.scope_kind as "scopeKind", r.scope_id as "scopeId", p.site,
        coalesce(o.settings ->> 'whoMayInvite', '${DEFAULT_SETTINGS.whoMayInvite}') as "whoMayInvite"
      from rights r join organizations o on o.id = r.organization
      left join products p on r.scope_kind = 'product' and p.organization = r.organization and p.id = r.scope_id
      where r.organization = $1 and r.account = $2 and r.in_force`,
    values: [db.organization, account],
  });
  return rows.map(({ bundle, site, whoMayInvite, ...columns }) => {
    const scope: RightScope = scopeOf(columns);
    const target = scope.kind === "product" ? { ...scope, site: site as SiteId } : scope;
    return { permissions: permissionsOf(bundle, whoMayInvite), scope, target };
  });
}
