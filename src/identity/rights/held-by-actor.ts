import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import type { Actor } from "../../db/transaction.ts";
import { EVERYTHING, heldByAccount, heldByToken } from "./held.ts";
import type { Held } from "./permissions.ts";

/**
 * What whoever asked for a job may do by now: nothing when the token was revoked or has expired, or the administrator is one
 * no more. Who works at the machine itself may everything.
 */
export async function heldByActor(db: Db, { kind, id }: Pick<Actor, "kind" | "id">): Promise<readonly Held[]> {
  switch (kind) {
    case "command":
    case "system":
      return [EVERYTHING];
    case "api-token":
      return heldByTokenId(db, id);
    case "session":
      return heldByAccount(db, id as AccountId);
    case "break-glass": {
      const rows = await db.query({
        text: "select id from break_glass_administrators where organization = $1 and id = $2 and revoked_at is null",
        values: [db.organization, id],
      });
      return rows.length > 0 ? [EVERYTHING] : [];
    }
    default:
      return [];
  }
}

async function heldByTokenId(db: Db, id: string | null): Promise<readonly Held[]> {
  const [found] = await db.query<Parameters<typeof heldByToken>[1]>({
    text: `select t.product, t.permissions, t.scope_kind as "scopeKind", t.scope_id as "scopeId", t.owner
      from tokens t
      where t.organization = $1 and t.id = $2 and t.directory is null and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > statement_timestamp())`,
    values: [db.organization, id],
  });
  return found ? heldByToken(db, found) : [];
}
