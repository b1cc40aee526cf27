import { type Command, Option } from "commander";
import type { OrganizationLock, Tx } from "../db/transaction.ts";
import type { Standing } from "../identity/access/told.ts";
import { dryRun, type Impact } from "../identity/dry-run.ts";
import { type Answer, printable } from "./answer.ts";
import type { Session } from "./session.ts";

/** What a command that writes may be given. */
export type DryOption = { dryRun?: true };

/** The option by which a command only tells what it would do. */
export function dryable(command: Command): Command {
  return command.addOption(dryRunOption());
}

/** The same, in the middle of a command's other options. */
export function dryRunOption(): Option {
  return new Option("--dry-run", "tell what would come of it, and do nothing");
}

/** A secret that is shown this once; of a dry run there is none. */
export function shownOnce({ dryRun }: DryOption, secret: string): string | null {
  return dryRun ? null : secret;
}

/** `writeOrTell` for work that comes to the answer by itself. */
export async function answerOrTell(
  session: Session,
  options: DryOption,
  work: (tx: Tx) => Promise<Answer>,
  lock: OrganizationLock = "shared",
): Promise<Answer> {
  return writeOrTell(session, options, work, (answer) => answer, lock);
}

/**
 * Makes a change and answers it; with `--dry-run` tells what it would do, and does nothing (F32). What the answer needs of the
 * database is read by `work`, in the change's own transaction.
 */
export async function writeOrTell<T>(
  { ctx, actor, write }: Session,
  options: DryOption,
  work: (tx: Tx) => Promise<T>,
  answer: (done: T) => Answer,
  lock: OrganizationLock = "shared",
): Promise<Answer> {
  if (!options.dryRun) return answer(await write(work, lock));
  const { done, impact } = await dryRun(ctx, actor, work, { lock });
  const told = answer(done);
  return {
    ...told,
    json: { ...(told.json as object), dryRun: true, impact },
    text: [told.text, ...impactSentences(impact), "Nothing was done."].join("\n"),
  };
}

/** What a change would do to people, seats and mailboxes, in sentences (R50, R144). */
function impactSentences({ access, seats, mails }: Impact): string[] {
  return [
    ...(access.total === 0 ? ["Nobody's access changes."] : []),
    ...access.becoming.map(
      ({ people, site, product, from, to }) =>
        `${counted(people)} ${becoming(people, `${site}/${product}`, from, to)}.`,
    ),
    ...(access.lostLast === 0 ? [] : [`${counted(access.lostLast)} ${verb(access.lostLast, "lose")} the last access.`]),
    ...seats.flatMap(({ site, product, before, after }) =>
      before === null || after === null
        ? []
        : [
            ...places(`${site}/${product}`, "seat", before.seats, after.seats),
            ...places(`${site}/${product}`, "guest slot", before.guests, after.guests),
          ],
    ),
    ...mails.named.map(({ to, subject }) => `A mail goes out to ${printable(to)}: ${subject}.`),
    ...(mails.total > mails.named.length ? [`${mails.total - mails.named.length} more mails go out.`] : []),
  ];
}

function counted(people: number): string {
  return people === 1 ? "1 person" : `${people} people`;
}

function verb(people: number, word: string): string {
  return people === 1 ? `${word}s` : word;
}

function becoming(people: number, product: string, from: Standing, to: Standing): string {
  const was = from.role === null ? "" : from.allowed ? `, from ${from.role}` : `, from ${from.role} without access`;
  if (to.role === null) return `${verb(people, "lose")} ${product}${was}`;
  if (from.role === to.role && from.allowed !== to.allowed)
    return to.allowed
      ? `may use ${product} now, as ${to.role}`
      : `${verb(people, "keep")} the role ${to.role} of ${product}, but may not use it`;
  return `${verb(people, "become")} ${to.role} of ${product}${was}${to.allowed ? "" : ", but may not use it yet"}`;
}

type Places = Impact["seats"][number]["before"] & object;

function places(product: string, kind: string, before: Places["seats"], after: Places["seats"]): string[] {
  const taken = after.used + after.pending - before.used - before.pending;
  if (taken === 0 && before.limit === after.limit) return [];
  const limit = after.limit === null ? "no limit" : `of ${after.limit}`;
  const reserved = after.pending === 0 ? "" : ` and ${after.pending} reserved`;
  const moved = `${taken < 0 ? "−" : "+"}${Math.abs(taken)} ${kind}${Math.abs(taken) === 1 ? "" : "s"}`;
  return [`${product}: ${moved}; ${after.used} used${reserved}, ${limit}.`];
}
