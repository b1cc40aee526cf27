import type { AccountId, InvitationId, MailId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type AccountMail, PASSWORD_LINK_STANDS } from "./account-mail.ts";
import { type AddressChangeMail, STANDS, TAKEN_BACK } from "./accounts/address-change-links.ts";
import type { BreakGlassNotice } from "./break-glass-notice.ts";
import type { DeliveryProblem } from "./delivery-problem.ts";
import type { GuestEndingNotice } from "./guest-reminders.ts";
import { INVITABLE, type Offer, offersOf } from "./invitations/links.ts";
import { firstLocale, type Locale } from "./locales.ts";
import { SUPPRESSION } from "./mail-suppressions.ts";
import type { OwnParts } from "./mail-texts/render.ts";
import { getMailText } from "./mail-texts/texts.ts";
import type { RemovalNotice } from "./removal-notice.ts";
import type { RequestNotice, SignUpNotice } from "./sign-up-notice.ts";

/** What a mail says. */
type MailWords =
  | { kind: "invitation"; expiresAt: Date; offers: Offer[]; message: string | null; messageLinks: boolean }
  | ({ kind: "removals" } & RemovalNotice)
  | ({ kind: "break-glass" } & BreakGlassNotice)
  | ({ kind: "sign-up" } & SignUpNotice)
  | ({ kind: "request" } & RequestNotice)
  | ({ kind: "guest-ending" } & GuestEndingNotice)
  | ({ kind: "email-change-new" | "email-change-old"; until: Date } & AddressChangeMail)
  | ({ kind: "delivery-problem" } & DeliveryProblem)
  | { kind: "account"; userName: string }
  | { kind: "password"; userName: string; expiresAt: Date };

/** What a queued mail stands on; `refusal` says why it must not leave any more. */
export type Premise = {
  organizationName: string;
  organizationKey: string;
  recipient: string;
  account: AccountId;
  invitation: InvitationId | null;
  refusal: string | null;
  /** Why the address gets no mail of this kind; null: it does. */
  suppression: string | null;
  /** The reader's language: the invitation's, else the person's, else the organization's. */
  locale: Locale;
  timeZone: string;
  /** The organization's own words. */
  parts: OwnParts | null;
  words: MailWords;
};

type Row = Omit<Premise, "words" | "locale" | "parts"> & {
  locales: (string | null)[];
} & (
    | {
        kind: "invitation";
        content: null;
        invitation: InvitationId;
        expiresAt: Date;
        message: string | null;
        messageLinks: boolean;
      }
    | { kind: "removals"; content: RemovalNotice }
    | { kind: "break-glass"; content: BreakGlassNotice }
    | { kind: "sign-up"; content: SignUpNotice }
    | { kind: "request"; content: RequestNotice }
    | { kind: "guest-ending"; content: GuestEndingNotice }
    | { kind: "email-change-new" | "email-change-old"; content: AddressChangeMail; until: Date }
    | { kind: "delivery-problem"; content: DeliveryProblem }
    | { kind: "account" | "password"; content: AccountMail; linkExpiresAt: Date | null }
  );

/**
 * Whether a queued mail may still leave, and what it says. An invitation: it is pending, not expired and has no newer
 * mail, its person is neither suspended nor deactivated. A guest's ending: it is still then. A change of address: it waits, or can
 * be taken back. A notice: it is not a day old, its reader is still an administrator. Any but of a change: the person still has the address.
 */
export async function premiseOf(tx: Tx, id: MailId): Promise<Premise> {
  const [row] = await tx.query<Row>({ text: PREMISE, values: [tx.organization, id] });
  if (!row) throw new MusterError("internal", "a mail without an invitation cannot be sent");
  const { organizationName, organizationKey, recipient, account, invitation, refusal, suppression, timeZone } = row;
  const locale = firstLocale(row.locales);
  const { own: parts } = await getMailText(tx, row.kind, locale);
  const of = { organizationName, organizationKey, recipient, account, invitation };
  const premise = { ...of, refusal, suppression, locale, timeZone, parts };
  switch (row.kind) {
    case "removals":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "break-glass":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "sign-up":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "request":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "guest-ending":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "email-change-new":
    case "email-change-old":
      return { ...premise, words: { kind: row.kind, until: row.until, ...row.content } };
    case "delivery-problem":
      return { ...premise, words: { kind: row.kind, ...row.content } };
    case "account":
    case "password":
      return { ...premise, words: accountWords(row.kind, row.content, row.linkExpiresAt) };
    case "invitation": {
      const { kind, expiresAt, message, messageLinks } = row;
      const offers = await offersOf(tx, row.invitation);
      return { ...premise, words: { kind, expiresAt, message, messageLinks, offers } };
    }
  }
}

function accountWords(kind: "account" | "password", { userName }: AccountMail, expiresAt: Date | null): MailWords {
  if (kind === "account") return { kind, userName };
  if (expiresAt === null) throw new MusterError("internal", "a link to set a password has an end");
  return { kind, userName, expiresAt };
}

const PREMISE = `
  select o.name as "organizationName", o.key as "organizationKey", o.time_zone as "timeZone", m.kind, m.recipient, m.account,
    m.invitation, i.expires_at as "expiresAt", i.message, i.message_links as "messageLinks", m.content,
    case m.kind when 'email-change-new' then c.expires_at when 'email-change-old' then c.revert_until end as until,
    m.link_expires_at as "linkExpiresAt",
    array[i.locale, u.resource ->> 'preferredLanguage', u.resource ->> 'locale', o.locale] as locales,
    ${SUPPRESSION} as suppression,
    coalesce(
      case m.kind
        when 'invitation' then case
          when i.state <> 'pending' then 'the invitation is ' || i.state
          when i.expires_at <= statement_timestamp() then 'the invitation has expired'
          when exists (select from mails n where n.organization = m.organization and n.invitation = m.invitation and n.id > m.id)
            then 'a newer mail was asked for'
          when not (${INVITABLE}) then 'the user is suspended or deactivated'
        end
        when 'guest-ending' then case
          when not exists (select from guest_assignments g where g.organization = m.organization
              and g.id = (m.content ->> 'assignment')::uuid and g.parked_at is null
              and date_trunc('second', g.expires_at) = (m.content ->> 'endsAt')::timestamptz)
            then 'the guest has another end now, or none'
        end
        when 'email-change-new' then case
          when c.state <> 'pending' then 'the change of address is ' || c.state
          when c.expires_at <= statement_timestamp() then 'the change of address has expired'
          when exists (select from mails n where n.organization = m.organization and n.account = m.account and n.kind = m.kind
              and n.content ->> 'change' = m.content ->> 'change' and n.id > m.id)
            then 'a newer mail was asked for'
          when not (${STANDS}) then 'the user has another address now, or is suspended or deactivated'
        end
        when 'email-change-old' then case
          when not (${TAKEN_BACK}) then 'the change of address cannot be taken back any more'
        end
        when 'delivery-problem' then case
          when m.created_at < statement_timestamp() - interval '1 day' then 'the news is a day old'
          when not exists (select from invitations p where p.organization = m.organization
              and p.id = (m.content ->> 'invitation')::uuid and p.state = 'pending'
              and p.delivery in ('bounced', 'failed', 'suppressed'))
            then 'the invitation was sent again, or is over'
        end
        when 'account' then null
        when 'password' then case
          when m.link_used_at is not null or m.link_expires_at <= statement_timestamp() then 'its link is over'
          when not (${PASSWORD_LINK_STANDS}) then 'the user has no password here any more'
        end
        else case
          when m.created_at < statement_timestamp() - interval '1 day' then 'the news is a day old'
          -- Somebody else who is told (C18): while they are active.
          when m.content ->> 'toldAs' = 'other' then case when not exists (select from accounts a
              join directory_users u on u.organization = a.organization and u.id = a.canonical and u.active and u.deleted_at is null
              where a.organization = m.organization and a.id = m.account and a.suspended_at is null)
            then 'the user is suspended or deactivated' end
          when not exists (select from rights r where r.organization = m.organization and r.account = m.account
              and r.bundle = 'organization-administrator' and r.parked_at is null)
            then 'the user is no administrator any more'
        end
      end,
      case when m.kind not in ('email-change-new', 'email-change-old') and not exists (select from accounts a
          where a.organization = m.organization and a.id = m.account and a.email_key = m.recipient)
        then 'the user has another address now' end
    ) as refusal
  from mails m
  join organizations o on o.id = m.organization
  left join invitations i on i.organization = m.organization and i.id = m.invitation
  left join address_changes c on c.organization = m.organization and c.id = (m.content ->> 'change')::uuid
  left join accounts r on r.organization = m.organization and r.id = m.account
  left join directory_users u on u.organization = r.organization and u.id = r.canonical and u.deleted_at is null
  where m.organization = $1 and m.id = $2`;
