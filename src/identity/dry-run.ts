import type { Database } from "../db/connection.ts";
import type { MailId, ProductId } from "../db/id.ts";
import { type Actor, type OrganizationLock, simulate, type Tx } from "../db/transaction.ts";
import { type AccessTold, MOST_NAMED, type Named, tellAccess } from "./access/told.ts";
import { WORDINGS } from "./mail-texts/render.ts";
import type { NewMail } from "./mails.ts";
import { changesOf, latestChange, OWN_CHANGE, type WouldChange } from "./record.ts";
import { countSeats, reservedPlaces, type SeatUse } from "./seats.ts";

/** What is taken of a product before and after; only where one of the figures differs. */
type SeatsMoved = {
  site: string;
  /** Its key. */
  product: string;
  before: Pick<SeatUse, "seats" | "guests"> | null;
  after: Pick<SeatUse, "seats" | "guests"> | null;
};

/** A mail that a change would queue. */
type WouldSend = { id: MailId; kind: NewMail["kind"]; to: string; subject: string };

/** What a change would do to people, places and mailboxes. Lists are bounded, totals are of all. */
export type Impact = {
  access: Pick<AccessTold, "total" | "lostLast" | "becoming" | "named">;
  seats: SeatsMoved[];
  mails: Named<WouldSend>;
};

export type DryRun<T> = { done: T; changes: WouldChange[]; impact: Impact };

/**
 * What would this change do? Runs `work` as a real write would, reads what it did from the rows that it wrote, and rolls
 * everything back (F32): one code path, so that a dry run can neither differ from the change nor leave anything. The seats are
 * counted by the one statement that refusals use (R144); of what is told of people, 100 are named, so it stays small for a
 * change of 50,000.
 */
export async function dryRun<T>(
  ctx: { db: Database },
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  options: { lock?: OrganizationLock } = {},
): Promise<DryRun<T>> {
  return simulate(ctx, actor, (tx) => tried(tx, work), options);
}

async function tried<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<DryRun<T>> {
  const since = await latestChange(tx);
  const reserved = await reservations(tx);
  await tx.query({ text: "savepoint before_change" });
  const done = await work(tx);
  // What a commit would refuse is refused before anything is told of it.
  await tx.query({ text: "set constraints all immediate" });
  const changes = await changesOf(tx, since);
  const { total, lostLast, becoming, named } = await tellAccess(tx, since);
  const mails = await mailsOf(tx);
  const touched = await productsTouched(tx, since, reserved);
  const after = await countSeats(tx, touched);
  await tx.query({ text: "rollback to savepoint before_change" });
  const seats = moved(await countSeats(tx, touched), after);
  return { done, changes, impact: { access: { total, lostLast, becoming, named }, seats, mails } };
}

/** What invitations hold back, a word for each product. */
async function reservations(tx: Tx): Promise<Map<ProductId, string>> {
  const rows = await reservedPlaces(tx);
  return new Map(rows.map(({ product, seats, guests }) => [product, `${seats} ${guests}`]));
}

/** Products whose seats, slots or limits this transaction has touched: all others count the same before and after. */
async function productsTouched(
  tx: Tx,
  since: number,
  reservedBefore: ReadonlyMap<ProductId, string>,
): Promise<ProductId[]> {
  const rows = await tx.query<{ id: ProductId }>({
    text: `select distinct case subject_kind when 'product' then subject else (detail ->> 'product')::uuid end as id from audit
      where organization = $1 and id > $2 and ${OWN_CHANGE} and (subject_kind = 'product'
        or action in ('access.granted', 'access.revoked', 'access.changed', 'access.expired'))`,
    values: [tx.organization, since],
  });
  const reservedAfter = await reservations(tx);
  const held = [...reservedBefore.keys(), ...reservedAfter.keys()];
  return [
    ...new Set([
      ...rows.map(({ id }) => id),
      ...held.filter((product) => reservedBefore.get(product) !== reservedAfter.get(product)),
    ]),
  ];
}

/** A restored database counts transactions anew, so the time of the transaction says with its number whose a mail is. */
async function mailsOf(tx: Tx): Promise<Impact["mails"]> {
  const [row] = await tx.query<Named<Omit<WouldSend, "subject">>>({
    text: `with queued as materialized (
        select id, kind, recipient from mails
        where organization = $1 and transaction = transaction_now() and created_at = now()
      )
      select (select count(*) from queued)::integer as total, coalesce((select json_agg(
          json_build_object('id', q.id, 'kind', q.kind, 'to', q.recipient) order by q.recipient, q.id)
        from (select id, kind, recipient from queued order by recipient, id limit ${MOST_NAMED}) q), '[]') as named`,
    values: [tx.organization],
  });
  const { total = 0, named = [] } = row ?? {};
  return { total, named: named.map((mail) => ({ ...mail, subject: WORDINGS.en[mail.kind].subject })) };
}

function moved(before: readonly SeatUse[], after: readonly SeatUse[]): SeatsMoved[] {
  const places = new Map([...before, ...after].map(({ product, site, key }) => [product, { site, product: key }]));
  const of = (uses: readonly SeatUse[], product: ProductId) => {
    const use = uses.find((one) => one.product === product);
    return use ? { seats: use.seats, guests: use.guests } : null;
  };
  return [...places]
    .map(([product, place]) => ({ ...place, before: of(before, product), after: of(after, product) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}
