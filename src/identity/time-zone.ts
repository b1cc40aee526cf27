import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";

/**
 * Says by which calendar periods end and times are shown.
 * Before: any. After: it is so, with an audit row; instants that stand stay. Returns whether it was another before.
 * @throws MusterError `invalid` when it is no IANA time zone that the database knows too.
 */
export async function setTimeZone(tx: Tx, timeZone: string): Promise<boolean> {
  const name = zoneName(timeZone);
  const [known] = await tx.query({ text: "select name from pg_timezone_names where name = $1", values: [name] });
  if (name === undefined || !known)
    throw new MusterError("invalid", "there is no such time zone; name one as in Europe/Berlin", { at: "timeZone" });
  const rows = await tx.query({
    text: "update organizations set time_zone = $2 where id = $1 and time_zone <> $2 returning id",
    values: [tx.organization, name],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    {
      action: "organization.updated",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { timeZone: name },
    },
  ]);
  return true;
}

/** The zone as it is shown; undefined for offsets, abbreviations and what nobody knows: only a place has a calendar. */
function zoneName(text: string): string | undefined {
  if (text === "UTC") return text;
  if (!/^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+){1,2}$/.test(text)) return undefined;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return text;
  } catch {
    return undefined;
  }
}

declare const period: unique symbol;
/** A length of time as ISO 8601 writes it: `P1M`, `P30D`, `P1DT12H`. */
export type Period = string & { readonly [period]: true };

/** An end as people say it: an instant, or so long from now. */
export type When = Date | Period;

const FORM =
  /^P(?=\d|T\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$/;
/** Days of each part, at most. */
const DAYS = [366, 31, 7, 1, 1 / 24, 1 / 1_440, 1 / 86_400];
const MOST_DAYS = 10 * 366;

/** The period that a text is, or undefined: more than nothing, ten years at most. */
export function parsePeriod(text: string): Period | undefined {
  const parts = FORM.exec(text);
  if (!parts) return undefined;
  const days = DAYS.reduce((sum, each, index) => sum + each * Number(parts[index + 1] ?? 0), 0);
  return days > 0 && days <= MOST_DAYS ? (text as Period) : undefined;
}

/**
 * The instant at which something ends that is to last so long from now. R148, R149: by the organization's calendar, in its time zone:
 * a month from 31 January is the end of February, a day is a day also where the clocks change (migration 0039). The database's clock.
 */
export async function instantOf(db: Db, when: When): Promise<Date> {
  if (when instanceof Date) return when;
  const [row] = await db.query<{ at: Date }>({
    text: "select shift_instant($1, statement_timestamp(), $2::interval) as at",
    values: [db.organization, when],
  });
  if (!row) throw new MusterError("not-found", "there is no such organization");
  return row.at;
}

/** The same where there may be no end. */
export async function endOf(db: Db, when: When | null): Promise<Date | null> {
  return when === null ? null : instantOf(db, when);
}

/**
 * An instant as people read it: in a time zone, and in UTC too, so that nobody elsewhere is misled.
 * `2030-01-02 04:04 (Europe/Berlin), 2030-01-02 03:04 UTC`.
 */
export function shownInstant(at: Date, timeZone: string): string {
  const utc = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (timeZone === "UTC") return utc;
  // Swedish writes dates as ISO 8601 does.
  const local = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "short" }).format(at);
  return `${local} (${timeZone}), ${utc}`;
}
