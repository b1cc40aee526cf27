import { type AccountId, type AssignmentId, newId, type ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { queueMail } from "./mails.ts";
import { peopleToTell } from "./people-to-tell.ts";
import { policySql } from "./settings/guest-policy.ts";

/** What managers are told of a guest whose time runs out (R126). */
export type GuestEndingNotice = {
  assignment: AssignmentId;
  guest: string;
  product: string;
  space: string;
  /** RFC 3339. */
  endsAt: string;
};

type Ending = GuestEndingNotice & { sponsor: AccountId | null; productId: ProductId };

/** Guests of one look; the next one takes the rest. */
const AT_ONCE = 1_000;

/**
 * Tells the managers of every guest whose end is near (R126, R152; C18): whoever answers for the guest, else the organization's
 * administrators, unless others are set; once for each guest, end and reminder, so that another end is told of anew. A guest without access any more is
 * not told of. Before: any. After: the mails are queued. Returns how many guests were told of. For a job, every minute.
 */
export async function remindOfEndingGuests(tx: Tx): Promise<number> {
  const ending = await tx.query<Ending>({
    text: `with due as (
        select g.id, g.expires_at, array_agg(r.before) as befores
        from guest_assignments g
        join products p on p.organization = g.organization and p.id = g.product
        join organizations o on o.id = p.organization
        cross join lateral (select t::interval as before from jsonb_array_elements_text(${policySql("reminders")}) t) r
        join live_access a on a.organization = g.organization and a.account = g.account and a.product = g.product
        where g.organization = $1 and g.parked_at is null and g.expires_at > statement_timestamp()
          -- A day before is the same time of day, also where the clocks change between; the first condition is for the index.
          and g.expires_at <= statement_timestamp() + r.before + interval '1 day'
          and shift_instant($1, g.expires_at, -r.before) <= statement_timestamp()
          and (g.reminded_for is distinct from g.expires_at or r.before <> all (g.reminded))
        group by g.id, g.expires_at order by g.expires_at, g.id limit ${AT_ONCE}
      ), marked as (
        update guest_assignments g set reminded_for = d.expires_at,
          reminded = case when g.reminded_for = d.expires_at then g.reminded || d.befores else d.befores end
        from due d where g.organization = $1 and g.id = d.id
        returning g.id, g.account, g.product, g.space, g.sponsor, g.expires_at
      )
      select g.id as assignment, a.user_name as guest, p.key as product, s.key as space,
        to_char(g.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "endsAt",
        g.sponsor, g.product as "productId"
      from marked g
      join products p on p.organization = $1 and p.id = g.product
      join spaces s on s.organization = $1 and s.id = g.space
      join accounts a on a.organization = $1 and a.id = g.account`,
    values: [tx.organization],
  });
  for (const { sponsor, productId, ...content } of ending) {
    for (const reader of await peopleToTell(tx, "guestEnding", { products: [productId], sponsor }))
      await queueMail(tx, {
        kind: "guest-ending",
        // Which reminder of which end it is stands with the assignment, marked in this transaction.
        dedupeKey: `guest-ending:${newId()}`,
        account: reader.account,
        recipient: reader.recipient,
        content,
      });
  }
  return ending.length;
}
