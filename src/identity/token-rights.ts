import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryId, ProductId, TokenId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import { refuseBeyond } from "./rights/ceiling.ts";
import { OF_A_PRODUCTS_TOKEN } from "./rights/held.ts";
import { type Held, PERMISSIONS, type Permission, type RightScope, type Target } from "./rights/permissions.ts";
import { knownTarget, type ScopeColumns, scopeNameSql, scopeOf, targetOf, withinScopes } from "./rights/scope.ts";
import {
  createToken,
  DAY,
  type NewToken,
  OVERLAP_HOURS,
  TOKEN_DAYS,
  type TokenFacts,
  type TokenScope,
} from "./tokens.ts";
import { binding } from "./within.ts";

/** Who makes a token: what they hold, and the person they are or act for. */
export type TokenMaker = { held: readonly Held[]; account: AccountId | null };

/** Whoever pushes people and groups decides through them who has access. */
const OF_A_DIRECTORYS_TOKEN = ["directories:write", "users:write", "groups:write", "members:write"] as const;

type Expiry = Date | { seconds: number } | null;

/** The token that is wanted: a product's own, a directory's, or one of the administration. */
export type WantedToken = {
  name?: string | undefined;
  /** The instant, or seconds from now; null: never. Left out: in 365 days, or with the token that makes it. */
  expires?: Expiry | undefined;
} & (
  | { product: ProductId }
  | { directory: DirectoryId; facts: Pick<TokenFacts, "scopes" | "subject"> }
  | {
      /** null: everything that there is in the scope; for a person's own, everything that the person may. */
      permissions: readonly Permission[] | null;
      scope: RightScope;
      owner: AccountId | null;
    }
);

/**
 * Makes a token for whoever may give what it does.
 * Before: any. After: as `createToken`. It never exceeds who made it: not in permissions or scope, not in time where that is a
 * token itself, and it is the person's own where that is a person's own token.
 * @throws MusterError `not-allowed` beyond the maker's own; `not-found` for an unknown scope; `invalid-value` as `createToken`.
 */
export async function giveToken(tx: Tx, maker: TokenMaker, wanted: WantedToken): Promise<NewToken> {
  const made = await makingToken(tx);
  await refuseExceeding(tx, maker, wanted, made);
  const { name, expires } = wanted;
  if (made && expires !== undefined && outlives(expires, made))
    throw new MusterError("not-allowed", "a token does not outlive the one that makes it", { at: "expiresAt" });
  const bounded = made?.expiresAt ? { seconds: Math.min(made.secondsLeft, TOKEN_DAYS * DAY) } : undefined;
  const facts = { ...(name !== undefined && { name }), ...("directory" in wanted && wanted.facts) };
  return createToken(tx, openedBy(wanted), expires === undefined ? bounded : expires, facts);
}

function openedBy(wanted: WantedToken): TokenScope {
  if ("product" in wanted) return { product: wanted.product };
  return "directory" in wanted ? { directory: wanted.directory } : administration(wanted);
}

function outlives(expires: Expiry, { expiresAt, secondsLeft }: Making): boolean {
  if (expiresAt === null) return false;
  if (expires === null) return true;
  return expires instanceof Date ? expires > expiresAt : expires.seconds > secondsLeft;
}

function administration({ permissions, scope, owner }: Extract<WantedToken, { scope: RightScope }>) {
  return { administration: true, permissions, scope, owner } as const;
}

type Making = { expiresAt: Date | null; secondsLeft: number; owner: AccountId | null; limited: boolean };

/** The token that acts, when one does. */
async function makingToken(tx: Tx): Promise<Making | undefined> {
  if (tx.actor.kind !== "api-token") return undefined;
  const [row] = await tx.query<Making>({
    text: `select expires_at as "expiresAt", extract(epoch from expires_at - statement_timestamp())::float8 as "secondsLeft",
        owner, permissions is not null or scope_kind <> 'organization' or product is not null as limited
      from tokens where organization = $1 and id = $2`,
    values: [tx.organization, tx.actor.id],
  });
  return row;
}

async function refuseExceeding(tx: Tx, maker: TokenMaker, wanted: WantedToken, made: Making | undefined) {
  if ("product" in wanted) {
    refuseOwnerless(made);
    const target = await knownTarget(tx, { kind: "product", id: wanted.product });
    return refuseBeyond(maker.held, ["tokens:write", ...OF_A_PRODUCTS_TOKEN], target);
  }
  if ("directory" in wanted) {
    refuseOwnerless(made);
    return refuseBeyond(maker.held, ["tokens:write", ...OF_A_DIRECTORYS_TOKEN], { kind: "organization" });
  }
  const { permissions, scope, owner } = wanted;
  if (owner === null) refuseOwnerless(made);
  else if (owner !== maker.account)
    throw new MusterError("not-allowed", "nobody makes a token that is another person's own", { at: "owner" });
  const target = await knownTarget(tx, scope);
  refuseBeyond(maker.held, ["tokens:write"], target);
  // What is a person's own does what the person may, so a person cannot ask for too much; a limited token of theirs could.
  if (permissions === null && owner !== null && !made?.limited) return;
  refuseBeyond(maker.held, permissions, target);
}

/** What a person's own token makes would otherwise go on when the person leaves. */
function refuseOwnerless(made: Making | undefined): void {
  if (made?.owner)
    throw new MusterError("not-allowed", "a person's own token makes only such as end with the person, too", {
      at: "owner",
    });
}

/** A live token as it is shown; its text is nowhere. */
export type ShownToken = {
  id: TokenId;
  kind: "administration" | "product" | "directory";
  name: string | null;
  directory: DirectoryId | null;
  /** Of the administration: null is everything in its scope. */
  permissions: readonly string[] | null;
  scope: RightScope;
  /** What people call the scope: a site's key, SITE/KEY of a product, a group's name; null for the organization. */
  scopeName: string | null;
  owner: { id: AccountId; userName: string } | null;
  createdBy: { kind: string; id: string | null } | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
};

type Row = Omit<ShownToken, "scope"> & ScopeColumns;

// A product's token is for its product, whatever its columns of a scope say.
const TOKENS = `
  select t.id, t.name, t.directory, t.permissions, t.scope_kind as "scopeKind", t.scope_id as "scopeId",
    t.created_at as "createdAt", t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt",
    case when t.directory is not null then 'directory' when t.product is not null then 'product'
      else 'administration' end as kind,
    ${scopeNameSql("t")} as "scopeName",
    case when t.owner is not null then (select json_build_object('id', a.id, 'userName', a.user_name) from accounts a
      where a.organization = t.organization and a.id = t.owner) end as owner,
    case when t.created_by_kind is not null
      then json_build_object('kind', t.created_by_kind, 'id', t.created_by) end as "createdBy"
  from (
    select organization, id, name, directory, product, permissions, owner, created_by_kind, created_by,
      case when product is null then scope_kind else 'product' end as scope_kind, coalesce(product, scope_id) as scope_id,
      created_at, expires_at, last_used_at
    from tokens
    where organization = $1 and revoked_at is null and client is null
      and (expires_at is null or expires_at > statement_timestamp())
  ) t`;

function shown({ scopeKind, scopeId, ...row }: Row): ShownToken {
  return { ...row, scope: scopeOf({ scopeKind, scopeId }) };
}

/**
 * Live tokens in the order of ids: the administration's, products' and directories', without those that OAuth clients
 * fetched, which come and go by the hour.
 */
export async function pageOfTokens(
  db: Db,
  query: { within: readonly RightScope[] | null; after: TokenId | null; limit: number },
): Promise<ShownToken[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const conditions = [
    ...(query.after === null ? [] : [`t.id > ${bind(query.after)}`]),
    ...withinScopes("t", query.within, bind),
  ];
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  const rows = await db.query<Row>({
    text: `${TOKENS} ${where} order by t.id limit ${Math.trunc(query.limit)}`,
    values,
    prepared: true,
  });
  return rows.map(shown);
}

/** @throws MusterError `not-found` for a token that is not live, the same for a foreign id as for an unknown one. */
export async function getToken(db: Db, id: TokenId): Promise<ShownToken> {
  const [row] = await db.query<Row>({ text: `${TOKENS} where t.id = $2`, values: [db.organization, id] });
  if (!row) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
  return shown(row);
}

/** What a token is about; undefined for one that is not live. */
export async function targetOfToken(db: Db, id: TokenId): Promise<Target | undefined> {
  const [row] = await db.query<Row>({ text: `${TOKENS} where t.id = $2`, values: [db.organization, id] });
  return row && targetOf(db, scopeOf(row));
}

/**
 * The successor of a token: the same name, permissions, scope, owner and length of life, of a directory's the same scopes
 * and person (design §7: rotating with overlap).
 * Before: any. After: both work until the overlap is over, or the old one ends sooner if it would anyway.
 * @param overlapHours 0 ends the old one at once.
 * @throws MusterError `not-found`; `not-allowed` as `giveToken`, and for another person's own.
 */
export async function rotateToken(
  tx: Tx,
  maker: TokenMaker,
  id: TokenId,
  overlapHours = OVERLAP_HOURS,
): Promise<NewToken> {
  const { kind, name, directory, permissions, scope, owner, createdAt, expiresAt } = await getToken(tx, id);
  const made = await makingToken(tx);
  const life = expiresAt && { seconds: (expiresAt.getTime() - createdAt.getTime()) / 1000 };
  const wanted = { ...(name !== null && { name }), expires: made && outlives(life, made) ? undefined : life };
  const next = await giveToken(
    tx,
    maker,
    kind === "product" && scope.kind === "product"
      ? { ...wanted, product: scope.id }
      : directory !== null
        ? { ...wanted, directory, facts: await factsOf(tx, id) }
        : { ...wanted, permissions: known(permissions), scope, owner: owner?.id ?? null },
  );
  await tx.query({
    text: `update tokens set expires_at = least(expires_at, statement_timestamp() + make_interval(hours => $3))
      where organization = $1 and id = $2`,
    values: [tx.organization, id, overlapHours],
  });
  await recordChanges(tx, [
    { action: "token.rotated", subjectKind: "token", subject: id, detail: { successor: next.id, overlapHours } },
  ]);
  return next;
}

/** What a directory's token may do, and whose it is. */
async function factsOf(tx: Tx, id: TokenId): Promise<Pick<TokenFacts, "scopes" | "subject">> {
  const [row] = await tx.query<{ scopes: TokenFacts["scopes"] | null; subject: TokenFacts["subject"] | null }>({
    text: "select scopes, subject from tokens where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  return { ...(row?.scopes && { scopes: row.scopes }), ...(row?.subject && { subject: row.subject }) };
}

/** A permission that there is no more is nobody's. */
function known(permissions: readonly string[] | null): Permission[] | null {
  return permissions && PERMISSIONS.filter((one) => permissions.includes(one));
}
