import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import type { FoundToken } from "../tokens.ts";
import { type Bundle, PERMISSIONS_OF } from "./bundles.ts";
import { type Held, PERMISSIONS, type RightScope } from "./permissions.ts";

/** What may be done by whoever may do everything. */
export const EVERYTHING: Held = { permissions: new Set(PERMISSIONS), scope: { kind: "organization" } };

const OF_A_PRODUCT = new Set(["access:check", "access:read", "events:read"] as const);

/** What a token of the administration, or of a product, may do. */
export function heldByToken({ product }: FoundToken): readonly Held[] {
  return [product === null ? EVERYTHING : { permissions: OF_A_PRODUCT, scope: { kind: "product", id: product } }];
}

/**
 * The rights of a person that are in force now: nothing for one who is deactivated or suspended, and no right that is
 * parked (design §7). Read for each request, so that what was taken away is gone with the next one.
 */
export async function heldByAccount(db: Db, account: AccountId): Promise<readonly Held[]> {
  const rows = await db.query<{ bundle: Bundle; scopeKind: RightScope["kind"]; scopeId: string }>({
    name: "held-by-account",
    text: `select r.bundle, r.scope_kind as "scopeKind", r.scope_id as "scopeId" from rights r
      where r.organization = $1 and r.account = $2 and r.in_force and r.parked_at is null`,
    values: [db.organization, account],
  });
  return rows.map(({ bundle, scopeKind, scopeId }) => ({
    permissions: PERMISSIONS_OF[bundle],
    scope: scopeKind === "organization" ? { kind: scopeKind } : ({ kind: scopeKind, id: scopeId } as RightScope),
  }));
}
