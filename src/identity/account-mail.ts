import type { Config } from "../config.ts";
import type { Database } from "../db/connection.ts";
import type { AccountId, MailId, OrganizationId } from "../db/id.ts";
import { databaseNow } from "../db/now.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { lockAccounts } from "./accounts/lock.ts";
import { namesOf, setPassword } from "./credentials.ts";
import { refuseExternallyManaged } from "./external-user-management.ts";
import { firstLocale, type Locale } from "./locales.ts";
import { queueMail } from "./mails.ts";
import { recordOfAccounts } from "./record.ts";
import type { Held } from "./rights/permissions.ts";
import { refuseActingForBeyond } from "./rights/rights.ts";
import { hashPassword } from "./sign-in/password-hash.ts";
import { checkPassword } from "./sign-in/password-rules.ts";

/** What a mail tells somebody who was added by hand (R70). */
export type AccountMail = { userName: string };

/** Hours for which the link in such a mail sets a password (R72). */
const HOURS = 48;

/** In SQL: the account of mail `m` may have a password here: it is active in `internal`, not suspended, and an administrator. */
export const PASSWORD_LINK_STANDS = `exists (select from accounts a
  join directory_users d on d.organization = a.organization and d.id = a.canonical and d.active and d.deleted_at is null
  join directories o on o.organization = d.organization and o.id = d.directory and o.kind = 'internal'
  where a.organization = m.organization and a.id = m.account and a.suspended_at is null and a.email_key = m.recipient
    and exists (select from rights g where g.organization = a.organization and g.account = a.id and g.in_force
      and g.parked_at is null))`;

type Addressee = {
  userName: string;
  recipient: string | null;
  kind: "account" | "password";
  internal: boolean;
  wait: number;
};

export type ToldUserName = { mailId: MailId; linkExpiresAt: Date | null };

/**
 * Tells somebody who was added by hand their user name, and where passwords exist how to set theirs (R70, R71): to administrators of
 * `internal`, by a link that works once.
 *
 * Before: any. After: exactly one mail is queued, with audit and event; earlier links to set a password are dead.
 * @param held what the caller holds: whoever sets a password can act as its owner.
 * @throws MusterError `externally-managed` (R23); `not-found`; `not-allowed` for one with rights beyond `held`; `cool-down`; `conflict` for
 * whoever came from another directory (nothing is sent to them but an invitation, R64), is not active or has no address.
 */
export async function tellUserName(
  tx: Tx,
  { resendCoolDown }: Config["invitations"],
  held: readonly Held[],
  account: AccountId,
): Promise<ToldUserName> {
  await refuseExternallyManaged(tx);
  await lockAccounts(tx, [account]);
  const [found] = await tx.query<Addressee>({
    text: `select m.user_name as "userName", m.email_key as recipient,
        case when ${PASSWORD_LINK_STANDS} then 'password' else 'account' end as kind,
        coalesce(d.kind = 'internal' and u.active and m.suspended_at is null, false) as internal,
        coalesce((select ceil($3 - extract(epoch from statement_timestamp() - max(l.created_at)))::integer from mails l
          where l.organization = $1 and l.account = $2 and l.kind in ('account', 'password') and l.state <> 'cancelled'), 0) as wait
      from (select a.organization, a.id as account, a.user_name, a.email_key, a.email_key as recipient, a.canonical, a.suspended_at
        from accounts a where a.organization = $1 and a.id = $2) m
      left join directory_users u on u.organization = m.organization and u.id = m.canonical and u.deleted_at is null
      left join directories d on d.organization = u.organization and d.id = u.directory`,
    values: [tx.organization, account, resendCoolDown],
  });
  if (!found) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  await refuseActingForBeyond(tx, held, account);
  const { userName, recipient, kind, internal, wait } = found;
  if (!internal)
    throw new MusterError(
      "conflict",
      "only active people of internal are told their user name; send an invitation instead",
      {
        at: "id",
      },
    );
  if (recipient === null) throw new MusterError("conflict", "the user has no e-mail address", { at: "email" });
  if (wait > 0)
    throw new MusterError("cool-down", `this user was told just now; try again in ${wait} s`, { retryAfter: wait });
  await tx.query({
    text: `update mails set link_used_at = statement_timestamp() where organization = $1 and account = $2 and kind = 'password'
      and link_used_at is null`,
    values: [tx.organization, account],
  });
  const mailId = await queueMail(tx, {
    kind,
    dedupeKey: `account:${account}:${(await databaseNow(tx)).toISOString()}`,
    account,
    recipient,
    content: { userName },
  });
  const linkExpiresAt = kind === "password" ? await setEnd(tx, mailId) : null;
  await recordOfAccounts(tx, "account.told", [account], { mail: mailId, linkExpiresAt });
  return { mailId, linkExpiresAt };
}

async function setEnd(tx: Tx, mail: MailId): Promise<Date> {
  const [row] = await tx.query<{ at: Date }>({
    text: `update mails set link_expires_at = statement_timestamp() + make_interval(hours => ${HOURS})
      where organization = $1 and id = $2 returning link_expires_at as at`,
    values: [tx.organization, mail],
  });
  if (!row) throw new MusterError("internal", "a mail vanished");
  return row.at;
}

/** `open`: it sets a password. `expired`, `used`: it did, or a newer one was sent, or its person has no password here any more. */
export type PasswordLink = {
  organization: OrganizationId;
  mail: MailId;
  account: AccountId;
  organizationName: string;
  userName: string;
  state: "open" | "expired" | "used";
  expiresAt: Date;
  locale: Locale;
  timeZone: string;
};

/** What the link of such a mail opens; changes nothing. */
export async function findPasswordLink(db: Database, tokenHash: Buffer): Promise<PasswordLink | undefined> {
  const [found] = await db.lookUp<{ organization: OrganizationId; mail: MailId }>({
    text: "select organization, mail from find_mail($1)",
    values: [tokenHash],
  });
  if (!found) return undefined;
  const [link] = await db
    .of(found.organization)
    .query<Omit<PasswordLink, "organization" | "mail" | "locale"> & { locales: (string | null)[] }>({
      text: `select m.account, o.name as "organizationName", m.content ->> 'userName' as "userName", m.link_expires_at as "expiresAt",
        o.time_zone as "timeZone",
        array[u.resource ->> 'preferredLanguage', u.resource ->> 'locale', o.locale] as locales,
        case when m.link_used_at is not null or not (${PASSWORD_LINK_STANDS}) then 'used'
          when m.link_expires_at <= statement_timestamp() then 'expired' else 'open' end as state
      from mails m join organizations o on o.id = m.organization
      left join accounts p on p.organization = m.organization and p.id = m.account
      left join directory_users u on u.organization = p.organization and u.id = p.canonical and u.deleted_at is null
      where m.organization = $1 and m.id = $2 and m.kind = 'password' and m.link_expires_at is not null`,
      values: [found.organization, found.mail],
    });
  if (!link) return undefined;
  const { locales, ...shown } = link;
  return { ...found, ...shown, locale: firstLocale(locales) };
}

/**
 * Sets the password by a link, once (R71). Before: any. After true: the link was open and is used, the password opens the account, and all its
 * sessions have ended. After false: nothing changed.
 * @throws MusterError `invalid-value` for a password that is too weak.
 */
export async function setPasswordByLink(
  ctx: { db: Database },
  tokenHash: Buffer,
  password: string,
  requestId: string | null,
): Promise<boolean> {
  const link = await findPasswordLink(ctx.db, tokenHash);
  if (link?.state !== "open") return false;
  checkPassword(password, await namesOf(ctx.db.of(link.organization), link.account), "password");
  const hash = await hashPassword(password);
  const actor: Actor = { organization: link.organization, kind: "system", id: null, requestId };
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      await lockAccounts(tx, [link.account]);
      const [used] = await tx.query({
        text: `update mails m set link_used_at = statement_timestamp()
          where m.organization = $1 and m.id = $2 and m.token_hash = $3 and m.link_used_at is null
            and m.link_expires_at > statement_timestamp() and ${PASSWORD_LINK_STANDS} returning m.id`,
        values: [tx.organization, link.mail, tokenHash],
      });
      if (used) await setPassword(tx, link.account, hash);
      return used !== undefined;
    },
    { lock: "none" },
  );
}
