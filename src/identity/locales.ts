import type { Tx } from "../db/transaction.ts";
import { recordChanges } from "./record.ts";

/** The languages in which Muster writes to people. */
export const LOCALES = ["en", "de"] as const;
export type Locale = (typeof LOCALES)[number];

/**
 * The first language that Muster speaks among several wishes in the order of their weight, else English. Each is a tag (`de-AT`, `en_US`)
 * or several, as `preferredLanguage` has them (RFC 7643 §4.1.1); the language alone decides (RFC 4647 §3.4).
 */
export function firstLocale(wishes: readonly (string | null)[]): Locale {
  for (const tag of wishes.flatMap((wish) => wish?.split(",") ?? [])) {
    const language = tag.trim().split(/[-_;]/)[0]?.toLowerCase();
    const known = LOCALES.find((locale) => locale === language);
    if (known) return known;
  }
  return "en";
}

/**
 * Says which language mails and pages have where nobody's own is known.
 * Before: any. After: it is so, with an audit row. Returns whether it was another before.
 */
export async function setLocale(tx: Tx, locale: Locale): Promise<boolean> {
  const rows = await tx.query({
    text: "update organizations set locale = $2 where id = $1 and locale <> $2 returning id",
    values: [tx.organization, locale],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    { action: "organization.updated", subjectKind: "organization", subject: tx.organization, detail: { locale } },
  ]);
  return true;
}
