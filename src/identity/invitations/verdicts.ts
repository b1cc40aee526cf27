import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import { emailDomain } from "../keys.ts";
import type { TypedAddress } from "./addresses.ts";
import { alreadyHeld } from "./give.ts";
import type { Offer } from "./offer.ts";

export const VERDICTS = ["invited", "given", "member", "needs-review", "refused"] as const;
/**
 * What becomes of one address (R37). `invited`: an invitation is open, what it offers comes with its acceptance. `given`: the
 * person can use it now (R38). `member`: nothing was missing. `needs-review`: an administrator has to say who is meant.
 */
export type Verdict = { typed: string; email: string | null; account: AccountId | null } & (
  | { verdict: "invited" | "given" | "member" }
  | { verdict: "needs-review"; code: "name-taken" | "several-accounts"; message: string }
  | {
      verdict: "refused";
      code:
        | "invalid-address"
        | "suspended"
        | "deactivated"
        | "read-only"
        | "second-space"
        | "domain-not-allowed"
        | "former-member";
      message: string;
    }
);

type Known = {
  key: string;
  account: AccountId | null;
  alike: number;
  named: boolean;
  active: boolean;
  suspended: boolean;
  readOnly: boolean;
  trusted: boolean;
};

/**
 * What an invitation of these addresses would come to. An existing account gets it at once only when it is the one account of the
 * address and either its directory is believed about the domain or the mailbox was proven here, for the record that stands there now (design §7).
 * Whom no directory holds any more is a stranger: what they had before comes back parked, if at all (F16).
 */
export async function verdictsOn(db: Db, addresses: readonly TypedAddress[], offer: Offer): Promise<Verdict[]> {
  const known = new Map((await knownUnder(db, addresses)).map((row) => [row.key, row]));
  const held = await alreadyHeld(
    db,
    [...known.values()].flatMap(({ account }) => account ?? []),
    offer,
  );
  return addresses.map(({ typed, key }): Verdict => {
    const person = key === null ? undefined : known.get(key);
    const account = person?.account ?? null;
    const about = { typed, email: key, account };
    if (key === null)
      return { ...about, verdict: "refused", code: "invalid-address", message: "this is no e-mail address" };
    if (!person) return { ...about, verdict: "invited" };
    if (person.alike > 1)
      return {
        ...about,
        account: null,
        verdict: "needs-review",
        code: "several-accounts",
        message: "several people have this address; give it to one of them by user name",
      };
    if (person.named)
      return {
        ...about,
        account: null,
        verdict: "needs-review",
        code: "name-taken",
        message: "somebody with another address, or none, has this address as user name",
      };
    if (person.suspended)
      return {
        ...about,
        verdict: "refused",
        code: "suspended",
        message: "this person is suspended; restore them first",
      };
    if (!person.active)
      return {
        ...about,
        verdict: "refused",
        code: "deactivated",
        message: "this person is deactivated in their directory",
      };
    if (person.readOnly && offer.groups.length > 0)
      return {
        ...about,
        verdict: "refused",
        code: "read-only",
        message: "this person's directory is read-only: its people are put into no group here",
      };
    if (account !== null && held.otherSpace.has(account))
      return {
        ...about,
        verdict: "refused",
        code: "second-space",
        message: "this guest has another space of the product already; a guest belongs to one space",
      };
    if (account !== null && held.everything.has(account) && hasContent(offer)) return { ...about, verdict: "member" };
    return { ...about, verdict: person.trusted && hasContent(offer) ? "given" : "invited" };
  });
}

function hasContent(offer: Offer): boolean {
  return offer.groups.length + offer.spaces.length > 0;
}

async function knownUnder(db: Db, addresses: readonly TypedAddress[]): Promise<Known[]> {
  const keys = addresses.flatMap(({ key }) => key ?? []);
  return db.query<Known>({
    text: `
      select w.key, (array_agg(a.id order by a.id))[1] as account, count(a.email_key)::integer as alike,
        bool_and(a.email_key is distinct from w.key) as named,
        coalesce(bool_and(u.active), false) as active, bool_or(a.suspended_at is not null) as suspended,
        coalesce(bool_or(d.permissions = 'read-only'), false) as "readOnly",
        coalesce(bool_and(
          (d.kind <> 'internal' and w.domain = any (d.authoritative_domains)) or exists (
            select from invitations i
            where i.organization = $1 and i.account = a.id and i.email_key = w.key and i.proven_record = a.canonical
          ) or exists (
            select from address_changes c
            where c.organization = $1 and c.account = a.id and c.email = w.key and c.proven_record = a.canonical)
        ), false) as trusted
      from unnest($2::text[], $3::text[]) w (key, domain)
      cross join lateral (
        select a.id, a.email_key, a.canonical, a.suspended_at from accounts a
        where a.organization = $1 and a.email_key = w.key and (a.canonical is not null or a.suspended_at is not null)
        union all
        select a.id, null, a.canonical, a.suspended_at from accounts a
        where a.organization = $1 and a.user_name_key = w.key and a.email_key is distinct from w.key
          and (a.canonical is not null or a.suspended_at is not null)
          and not exists (select from accounts b where b.organization = $1 and b.email_key = w.key and b.canonical is not null)
      ) a
      left join directory_users u on u.organization = $1 and u.id = a.canonical and u.deleted_at is null
      left join directories d on d.organization = $1 and d.id = u.directory
      group by w.key`,
    values: [db.organization, keys, keys.map(emailDomain)],
  });
}
