import type { Database, Db } from "../../db/connection.ts";
import { type AccountId, type ProductId, parseId } from "../../db/id.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { emailKey, userNameKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import { type Status, statusSql } from "../statuses.ts";
import { type AccessFacts, decide, type Reason } from "./reason.ts";

/** How the product knows the person. */
export type PersonSelector = { id: string } | { userName: string } | { email: string } | { externalId: string };

export type AccessQuestion = {
  product: ProductId;
  user: PersonSelector;
  /** A space's key: a guest is allowed only where he is assigned. */
  space?: string;
  /** The person is using the product now: an allowed answer is an access (R80). */
  seen?: boolean;
};

export type AccessAnswer = {
  allowed: boolean;
  role: "admin" | "user" | "guest" | null;
  /** A guest's permission in the space, or in his only one; null for everybody else. */
  permission: "can-create-and-edit" | "read-only" | null;
  status: Status | null;
  reason: Reason | "unknown" | null;
  /** When a guest's access ends, ISO 8601; null: no end. */
  until: string | null;
};

type Facts = AccessFacts & {
  id: AccountId;
  status: Status;
  until: Date | null;
  /** Whether first or last access is due to be written. */
  unseen: boolean;
};
type Assignment = { permission: AccessAnswer["permission"]; until: Date | null; expired: boolean };

const UNKNOWN: AccessAnswer = {
  allowed: false,
  role: null,
  permission: null,
  status: null,
  reason: "unknown",
  until: null,
};

/**
 * May this person use this product (and space) now? One or two indexed reads, no lock. Nobody and several people are
 * answered alike, `unknown`: an ambiguous name opens nothing.
 *
 * Before: `actor` is whoever holds the product's token; its organization is the only one asked. After: with `seen`,
 * the first allowed answer has set the account's first access, once, with audit row and event (R80); last access is
 * kept to the hour, so that it is written once an hour at most. Nothing else is written.
 */
export async function checkAccess(
  ctx: { db: Database },
  actor: Actor,
  question: AccessQuestion,
): Promise<AccessAnswer> {
  const db = ctx.db.of(actor.organization);
  const facts = await findFacts(db, question);
  if (!facts) return UNKNOWN;
  const decided = decide(facts.status, facts);
  const until = decided.role === null ? null : iso(facts.until);
  let answer: AccessAnswer = { ...decided, permission: null, status: facts.status, until };
  if (decided.role === "guest") answer = inSpace(answer, await assignmentsOf(db, facts.id, question), question.space);
  if (!answer.allowed || question.seen !== true) return answer;
  if (facts.unseen) await noteAccess(ctx, actor, facts.id, question.product);
  return { ...answer, status: "active" };
}

/** A guest's answer, narrowed to the space that was asked for. R129, R130. */
function inSpace(answer: AccessAnswer, assignments: readonly Assignment[], space: string | undefined): AccessAnswer {
  const [only] = assignments;
  if (space === undefined) return { ...answer, permission: assignments.length === 1 && only ? only.permission : null };
  if (!answer.allowed) return { ...answer, permission: only?.permission ?? null };
  if (!only) return { ...answer, allowed: false, reason: "no-space", until: null };
  const narrowed = { ...answer, permission: only.permission, until: iso(only.until) };
  return only.expired ? { ...narrowed, allowed: false, reason: "expired" } : narrowed;
}

async function findFacts(db: Db, question: AccessQuestion): Promise<Facts | undefined> {
  const { by, value } = selection(question.user);
  if (value === null) return undefined;
  const rows = await db.query<Facts>({
    name: `access-check-${by}`,
    text: `select a.id, ${statusSql} as status, x.role, x.state, x.domain_limited as "domainLimited",
        coalesce(x.live_until <= statement_timestamp(), false) as expired, x.live_until as until,
        a.first_access_at is null or a.last_access_at is null
          or a.last_access_at < date_trunc('hour', statement_timestamp()) as unseen
      from accounts a
      left join access x on x.organization = a.organization and x.account = a.id and x.product = $3
      where a.organization = $1 and ${SELECTIONS[by]} limit 2`,
    values: [db.organization, value, question.product],
  });
  return rows.length === 1 ? rows[0] : undefined;
}

const SELECTIONS = {
  id: "a.id = $2",
  userName: "a.user_name_key = $2",
  email: "a.email_key = $2",
  externalId: `a.id = any (array(select u.account from directory_users u
    where u.organization = $1 and u.external_id = $2 and u.deleted_at is null))`,
} as const;

function selection(user: PersonSelector): { by: keyof typeof SELECTIONS; value: string | null } {
  if ("id" in user) return { by: "id", value: parseId<AccountId>(user.id) ?? null };
  if ("userName" in user) return { by: "userName", value: userNameKey(user.userName) };
  if ("email" in user) return { by: "email", value: emailKey(user.email) };
  return { by: "externalId", value: user.externalId };
}

async function assignmentsOf(db: Db, account: AccountId, question: AccessQuestion): Promise<Assignment[]> {
  return db.query<Assignment>({
    name: "access-check-spaces",
    text: `select g.permission, g.expires_at as until, coalesce(g.expires_at <= statement_timestamp(), false) as expired
      from guest_assignments g
      join spaces s on s.organization = g.organization and s.id = g.space
      where g.organization = $1 and g.account = $2 and g.product = $3 and g.parked_at is null
        and ($4::text is null or s.key = $4)`,
    values: [db.organization, account, question.product, question.space ?? null],
  });
}

async function noteAccess(ctx: { db: Database }, actor: Actor, account: AccountId, product: ProductId): Promise<void> {
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [row] = await tx.query<{ first: boolean }>({
        text: `
          with before as (
            select id, first_access_at from accounts where organization = $1 and id = $2 for no key update
          )
          update accounts a set first_access_at = coalesce(a.first_access_at, statement_timestamp()),
            last_access_at = date_trunc('hour', statement_timestamp())
          from before b
          where a.organization = $1 and a.id = b.id and (b.first_access_at is null or a.last_access_at is null
            or a.last_access_at < date_trunc('hour', statement_timestamp()))
          returning b.first_access_at is null as first`,
        values: [tx.organization, account],
      });
      if (row?.first)
        await recordChanges(tx, [
          {
            action: "account.first-access",
            subjectKind: "account",
            subject: account,
            detail: { product },
            event: true,
          },
        ]);
    },
    { lock: "none" },
  );
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
