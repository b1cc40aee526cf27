import { createHmac } from "node:crypto";
import type { Db } from "../../db/connection.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import type { SecretKey } from "../secrets.ts";

/**
 * Whose wrong guesses are counted together: an account's, a break-glass administrator's, those at a name that nobody has, and
 * those from one network. Every replica counts in the same rows.
 */
export type Guessed = { who: string; network: string };

/** Guesses without delay: of one person, and of one network, behind which there may be many people. */
const FREE = 5;
const FREE_OF_NETWORK = 50;
/** Seconds between guesses at most, up to the ceiling. */
const LONGEST_DELAY = 900;
/** Guesses after which one a day is left (NIST SP 800-63B §3.2.2 allows a hundred). */
const CEILING = 100;
const DAY = 86_400;
/** Days for which guesses at a person are remembered, hours for which those of a network are. */
const KEPT_DAYS = 30;
const KEPT_HOURS_OF_NETWORK = 1;

/**
 * Somebody whom the organization does not have, so that guesses at them are counted as guesses at anybody. The name itself is
 * not kept: people type passwords into the wrong field.
 */
export function nobody(secret: SecretKey, nameKey: string): string {
  return `name:${createHmac("sha256", secret).update(`muster sign-in ${nameKey}`).digest("hex")}`;
}

function subjects({ who, network }: Guessed): string[] {
  return [who, `network:${network}`];
}

/**
 * A guess begins. It counts as wrong until `forgetAttempts` or `giveBackAttempt`, so that many at once count too.
 * Before: any. After: it is counted, in this transaction of its own.
 * @throws MusterError `cool-down` with the seconds to wait, and nothing is counted: waiting always helps.
 */
export async function countAttempt(tx: Tx, guessed: Guessed): Promise<void> {
  // In the order of the key. The clock is read after the wait for a row, so whoever waited for another guess sees its delay.
  const counted = await tx.query({
    text: `insert into sign_in_attempts as a (organization, subject, failures, last_at, blocked_until)
      select $1, s.subject, 1, clock_timestamp(), clock_timestamp() from unnest($2::text[]) s (subject) order by s.subject
      on conflict on constraint sign_in_attempts_pk do update
        set failures = ${COUNTED}, last_at = clock_timestamp(),
          blocked_until = clock_timestamp() + make_interval(secs => case
            when a.subject like 'network:%' then ${delay(COUNTED, FREE_OF_NETWORK)}
            when ${COUNTED} >= ${CEILING} then ${DAY}
            else ${delay(COUNTED, FREE)} end)
        where a.blocked_until <= clock_timestamp()
      returning a.subject`,
    values: [tx.organization, subjects(guessed)],
  });
  if (counted.length < 2) throw await blocked(tx, guessed);
  await tx.query({
    text: `delete from sign_in_attempts where organization = $1 and subject in (
      select o.subject from sign_in_attempts o where o.organization = $1 and (o.last_at < statement_timestamp() - interval '${KEPT_DAYS} days'
        or (o.subject like 'network:%' and o.last_at < statement_timestamp() - interval '${KEPT_HOURS_OF_NETWORK} hours'
          and o.blocked_until < statement_timestamp()))
      order by o.last_at limit 10 for no key update skip locked)`,
    values: [tx.organization],
  });
}

/** With this guess; those of a network are forgotten after an hour's rest. */
const COUNTED = `case when a.subject like 'network:%' and a.last_at < clock_timestamp() - interval '${KEPT_HOURS_OF_NETWORK} hours'
  then 1 else a.failures + 1 end`;

/** 0 while guesses are free, then 1, 2, 4 … seconds. */
function delay(failures: string, free: number): string {
  return `case when (${failures}) < ${free} then 0 else least(${LONGEST_DELAY}, power(2, least(20, (${failures}) - ${free}))) end`;
}

async function blocked(db: Db, guessed: Guessed): Promise<MusterError> {
  const [row] = await db.query<{ wait: number }>({
    text: `select ceil(extract(epoch from max(blocked_until) - clock_timestamp()))::int as wait from sign_in_attempts
      where organization = $1 and subject = any ($2)`,
    values: [db.organization, subjects(guessed)],
  });
  return new MusterError("cool-down", "too many wrong guesses; wait, or have an administrator set a new password", {
    retryAfter: Math.max(1, row?.wait ?? 1),
  });
}

/** The guess was right: the person's wrong ones are forgotten, the network's stay. Before: it was counted. */
export async function forgetAttempts(tx: Tx, guessed: Guessed): Promise<void> {
  await forgetAttemptsAt(tx, guessed.who);
  await tx.query({ text: `${GIVE_BACK} and subject = $2`, values: [tx.organization, `network:${guessed.network}`] });
}

/** What was asked was no guess: neither right nor wrong. Before: it was counted. After: it is not. */
export async function giveBackAttempt(tx: Tx, guessed: Guessed): Promise<void> {
  await tx.query({ text: `${GIVE_BACK} and subject = any ($2)`, values: [tx.organization, subjects(guessed)] });
}

// It was counted because nothing stood in its way, so its own delay is the only one there is.
const GIVE_BACK = `update sign_in_attempts set failures = greatest(failures - 1, 0), blocked_until = clock_timestamp()
  where organization = $1`;

/** Nobody has guessed at this person: for whoever gets a new password. */
export async function forgetAttemptsAt(tx: Tx, who: string): Promise<void> {
  await tx.query({
    text: "delete from sign_in_attempts where organization = $1 and subject = $2",
    values: [tx.organization, who],
  });
}
