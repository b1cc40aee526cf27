import type { Db } from "../../db/connection.ts";
import { emailDomain } from "../keys.ts";
import { type Held, holds } from "../rights/permissions.ts";
import { editDistance, mailboxOf, mistypedProvider } from "./near.ts";
import type { Verdict } from "./verdicts.ts";

export const WARNING_CODES = ["mistyped-domain", "alias-of", "near-to"] as const;

/** A probable mistake in an address that nobody has yet; nothing is refused for it (R172). */
export type Warning = {
  code: (typeof WARNING_CODES)[number];
  message: string;
  /** The address that was probably meant. */
  suggestion: string;
};

/** Edits by which two local parts are near. */
const NEAR = 2;
/** Strangers in one request whose addresses are compared with everybody's: each is one look through the people of its domain. */
const MOST_COMPARED = 10;
/** People whom a rough look may leave to be compared well. */
const MOST_ROUGH = 2_000;
/** Warnings about one address. */
const MOST_TOLD = 3;

/**
 * What is probably wrong with the addresses of strangers, by address (R172): a domain that resembles a mail provider's; another
 * spelling of the mailbox of somebody who is there; a local part near to theirs.
 * @param held people are named only to whoever may see the organization's people.
 */
export async function warningsOn(
  db: Db,
  held: readonly Held[],
  verdicts: readonly Verdict[],
): Promise<ReadonlyMap<string, readonly Warning[]>> {
  const strangers = verdicts.flatMap(({ verdict, account, email }) =>
    verdict === "invited" && account === null && email !== null ? [email] : [],
  );
  const maySee = holds(held, "users:read", { kind: "organization" });
  const known = maySee && strangers.length <= MOST_COMPARED ? await roughlyLike(db, strangers) : [];
  return new Map(strangers.map((email) => [email, [...mistyped(email), ...alike(email, known)].slice(0, MOST_TOLD)]));
}

function mistyped(email: string): Warning[] {
  const domain = emailDomain(email);
  const provider = mistypedProvider(domain);
  if (provider === undefined) return [];
  const suggestion = `${email.slice(0, -domain.length)}${provider}`;
  return [{ code: "mistyped-domain", message: `${domain} resembles ${provider}`, suggestion }];
}

function alike(email: string, known: readonly string[]): Warning[] {
  const domain = emailDomain(email);
  const local = localOf(email);
  const warnings = known
    .filter((other) => other !== email && emailDomain(other) === domain)
    .flatMap((other): (Warning & { distance: number })[] => {
      if (mailboxOf(other) === mailboxOf(email))
        return [
          { code: "alias-of", message: `it is probably the mailbox of ${other}`, suggestion: other, distance: 0 },
        ];
      const distance = editDistance(local, localOf(other), NEAR);
      // Of a name of three letters everybody is near.
      if (distance > NEAR || distance * 2 >= local.length) return [];
      return [{ code: "near-to", message: `somebody is there as ${other}`, suggestion: other, distance }];
    });
  return warnings
    .sort((a, b) => a.distance - b.distance || (a.suggestion < b.suggestion ? -1 : 1))
    .map(({ distance: _, ...warning }) => warning);
}

function localOf(email: string): string {
  return email.slice(0, email.lastIndexOf("@"));
}

/**
 * The addresses that could be near or aliases: two texts within two edits share one of three parts of either. So one look through the
 * people of the domains leaves few, whatever was typed; dots are left out, because at Gmail they are none.
 */
async function roughlyLike(db: Db, emails: readonly string[]): Promise<string[]> {
  if (emails.length === 0) return [];
  const parts = emails.map((email) => inThree(mailboxOf(email).split("@")[0]?.replaceAll(".", "") ?? ""));
  const rows = await db.query<{ email: string }>({
    text: `with people as materialized (
        select a.email_key as email, length(a.email_key) as length, replace(a.email_key, '.', '') as bare, a.email_domain as domain
        from accounts a where a.organization = $1 and a.email_domain = any ($2) and a.merged_into is null
      )
      select p.email from people p
      join unnest($2::text[], $3::integer[], $4::text[], $5::text[], $6::text[]) w (domain, length, head, middle, tail)
        on p.domain = w.domain
      where p.length between w.length - ${NEAR + 1} and w.length + ${NEAR + 1}
          and (strpos(p.bare, w.head) > 0 or strpos(p.bare, w.middle) > 0 or strpos(p.bare, w.tail) > 0)
        or starts_with(p.bare, w.head || w.middle || w.tail)
      limit ${MOST_ROUGH}`,
    values: [
      db.organization,
      emails.map(emailDomain),
      emails.map(({ length }) => length),
      ...[0, 1, 2].map((part) => parts.map((three) => three[part])),
    ],
  });
  return [...new Set(rows.map(({ email }) => email))];
}

function inThree(text: string): [string, string, string] {
  const third = Math.ceil(text.length / 3);
  return [text.slice(0, third), text.slice(third, 2 * third), text.slice(2 * third)];
}
