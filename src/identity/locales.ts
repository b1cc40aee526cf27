import type { Tx } from "../db/transaction.ts";
import { recordChanges } from "./record.ts";

/** The languages in which Muster writes to people. */
export const LOCALES = ["en", "de"] as const;
export type Locale = (typeof LOCALES)[number];

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
