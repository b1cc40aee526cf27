import { type AccountId, type InvitationId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { Locale } from "../locales.ts";
import { recordChanges } from "../record.ts";
import type { InvitationBudget } from "./budget.ts";
import { addToOffers, type Inviter, type Offer, type ResultingRole } from "./offer.ts";
import type { Verdict } from "./verdicts.ts";

/** How somebody came to be invited. */
export type Source = "administrator" | "link" | "sign-up" | "request";

/** What is asked of addresses by whoever was found to be allowed it. */
export type Settled = {
  offer: Offer;
  /** What the offer comes to. */
  roles: readonly ResultingRole[];
  notify: boolean;
  message: string | null;
  /** An organization administrator wrote the message: links in it stay links (F28). */
  messageLinks?: boolean;
  /** The language of the mail; without one the person's, else the organization's. */
  locale?: Locale | null;
  inviter: Inviter;
  source: Source;
  /** What a stranger calls themselves (R105). */
  displayName?: string | null;
  /** What the mails are held against, where an administrator invites; it is open. */
  budget?: InvitationBudget;
};

const OPEN: ReadonlySet<Verdict["verdict"]> = new Set(["invited", "given", "needs-review"]);

/**
 * Opens the invitations. Before: the accounts stand, and who is given something has it. After: each address that is asked has one
 * live invitation that offers this too: who has one already keeps it, with a new end. Returns invitations by canonical address.
 */
export async function openInvitations(
  tx: Tx,
  verdicts: readonly Verdict[],
  { offer, notify, message, messageLinks = false, locale = null, inviter, source }: Settled,
  validDays: number,
): Promise<Map<string, InvitationId>> {
  const asked = verdicts.filter(({ verdict }) => OPEN.has(verdict));
  const columns = [
    asked.map(({ email }) => email),
    asked.map(({ account }) => account),
    // What was given without a mail asks nothing of anybody any more.
    asked.map(({ verdict }) =>
      verdict === "needs-review" ? verdict : verdict === "given" && !notify ? "accepted" : "pending",
    ),
    asked.map(({ verdict }) => verdict === "given"),
    asked.map((one) => (one.verdict === "needs-review" ? one.code : null)),
    asked.map(() => newId<InvitationId>()),
  ];
  await supersede(tx, columns);
  await forgetGiven(tx, asked);
  const rows = await tx.query<{ id: InvitationId; email: string; granted: boolean }>({
    text: `insert into invitations as i (organization, id, account, email, email_key, state, granted_at, accepted_at, review,
        inviter_kind, inviter, message, source, expires_at, message_links, locale)
      select $1, w.id, w.account, w.email, w.email, w.state, case when w.given then statement_timestamp() end,
        case when w.state = 'accepted' then statement_timestamp() end, w.review, $8, $9, $10, $11,
        shift_instant($1, statement_timestamp(), make_interval(days => $12)), $13, $14
      from unnest($2::text[], $3::uuid[], $4::text[], $5::boolean[], $6::text[], $7::uuid[])
        w (email, account, state, given, review, id)
      order by w.email
      on conflict (organization, email_key) where state = 'pending' do update
        set account = excluded.account, expires_at = excluded.expires_at,
          -- What was offered before and not given is not given by this either.
          granted_at = case when i.granted_at is not null
            or not exists (select from invitation_groups o where o.organization = i.organization and o.invitation = i.id)
            and not exists (select from invitation_spaces o where o.organization = i.organization and o.invitation = i.id)
            then excluded.granted_at end,
          -- Each part of the offer has who vouches for it; this is who asked last, an administrator before a stranger's doing.
          inviter_kind = case when excluded.source = 'administrator' then excluded.inviter_kind else i.inviter_kind end,
          inviter = case when excluded.source = 'administrator' then excluded.inviter else i.inviter end,
          source = case when excluded.source = 'administrator' then excluded.source else i.source end,
          message = coalesce(excluded.message, i.message), locale = coalesce(excluded.locale, i.locale),
          message_links = case when excluded.message is null then i.message_links else excluded.message_links end
      returning i.id, i.email_key as email, i.granted_at is not null as granted`,
    values: [tx.organization, ...columns, inviter.kind, inviter.id, message, source, validDays, messageLinks, locale],
  });
  const given = new Set(asked.flatMap(({ verdict, email }) => (verdict === "given" ? (email ?? []) : [])));
  // What is given at once is nothing that acceptance has to give: where it waits with something else it would come back then.
  const ids = rows.filter(({ email, granted }) => granted === given.has(email)).map(({ id }) => id);
  await addToOffers(tx, { holder: "invitation", ids, inviter }, offer);
  return new Map(rows.map(({ id, email }) => [email, id]));
}

/** One live invitation an address: one for another person, or that waits for a review, makes way. */
async function supersede(tx: Tx, [emails, accounts]: unknown[][]): Promise<void> {
  const rows = await tx.query<{ id: InvitationId; by: AccountId | null }>({
    text: `update invitations i set state = 'superseded'
      from unnest($2::text[], $3::uuid[]) w (email, account)
      where i.organization = $1 and i.email_key = w.email and (
        i.state = 'needs-review' or (i.state = 'pending' and i.account is distinct from w.account))
      returning i.id, w.account as by`,
    values: [tx.organization, emails, accounts],
  });
  await recordChanges(
    tx,
    rows.map(({ id, by }) => ({
      action: "invitation.superseded",
      subjectKind: "invitation",
      subject: id,
      detail: { by },
    })),
  );
}

/** What an open invitation told of as given leaves it before it offers something else: acceptance would give it again. */
async function forgetGiven(tx: Tx, asked: readonly Verdict[]): Promise<void> {
  const emails = asked.flatMap(({ verdict, email }) => (verdict === "invited" ? (email ?? []) : []));
  for (const table of ["invitation_groups", "invitation_spaces"])
    await tx.query({
      text: `delete from ${table} o using invitations i where i.organization = $1 and i.email_key = any ($2)
        and i.state = 'pending' and i.granted_at is not null and o.organization = i.organization and o.invitation = i.id`,
      values: [tx.organization, emails],
    });
}
