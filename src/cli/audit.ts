import { type Command, InvalidArgumentError } from "commander";
import { parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { type AuditRow, pageOfAudit } from "../identity/audit.ts";
import { type AuditHead, type AuditVerification, verifyAudit } from "../identity/audit-verification.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { count, past } from "./input.ts";
import { secretKey } from "./session.ts";

const MOST_LISTED = 1_000;

type ListOptions = {
  by?: string;
  about?: string;
  actor?: string;
  actorKind?: string;
  action?: string;
  subject?: string;
  since?: Date;
  until?: Date;
  limit: number;
  oldestFirst?: true;
};

/** `muster audit …`: who did what, and whether it still says so. */
export function registerAudit(program: Command, line: CommandLine): void {
  const audit = program.command("audit").description("who did what, and whether that is still what it was");
  audit
    .command("list")
    .description("who did what, the newest first")
    .option("--by <person>", "whoever did it, signed in")
    .option("--about <person>", "what was done to them")
    .option("--actor <id>", "who did it: the id of an account, a token or a run, or the name of who typed a command")
    .option("--actor-kind <kind>", "as what: session, api-token, scim-token, command, sync, job and the like")
    .option("--action <action>", "what was done, as in grant.changed; all of a noun as in grant.*")
    .option("--subject <id>", "the id of what it was done to", subjectId)
    .option("--since <time>", "from then on: a time as in 2027-01-31T00:00:00Z, or how long ago as in 12h", past)
    .option("--until <time>", "before then", past)
    .option("--limit <n>", `at most this many (at most ${MOST_LISTED})`, count, 100)
    .option("--oldest-first", "in the order in which it was done")
    .action(
      line.inOrganization(async ({ db }, { by, about, limit, oldestFirst, ...options }: ListOptions) => {
        const found = await pageOfAudit(db, {
          ...options,
          ...(by !== undefined && { actor: await resolvePerson(db, by) }),
          ...(about !== undefined && { subject: await resolvePerson(db, about) }),
          after: null,
          limit: Math.min(limit, MOST_LISTED),
          order: oldestFirst ? "oldest-first" : "newest-first",
        });
        return { json: found, text: table(["at", "who", "action", "subject", "detail", "id"], found.map(cells)) };
      }),
    );
  audit
    .command("verify")
    .description("hold the audit against its seals; exit 1 when a row or a seal is not as it was")
    .option("--since <time>", "only what was sealed since then: a time, or how long ago as in 12h", past)
    .option(
      "--known <position:seal>",
      "the head that an earlier verification told: shows that no end was taken away",
      head,
    )
    .action(
      line.inOrganization(async ({ ctx, db }, options: { since?: Date; known?: AuditHead }) =>
        verified(await verifyAudit(db, secretKey(ctx), options)),
      ),
    );
}

function cells({ at, actor, action, subject, detail, id }: AuditRow): unknown[] {
  const named = ({ kind, id: of }: { kind: string; id: string | null }) => (of === null ? kind : `${kind} ${of}`);
  return [at, named(actor), action, named(subject), JSON.stringify(detail), id];
}

function subjectId(text: string): string {
  const id = parseId<string & never>(text);
  if (id === undefined) throw new InvalidArgumentError("it must be an id");
  return id;
}

function head(text: string): AuditHead {
  const [, position, seal] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (position === undefined || seal === undefined)
    throw new InvalidArgumentError("it must be the head of an earlier verification, as in 12:9f86d0…");
  return { position: Number(position), seal };
}

function verified(found: AuditVerification): Answer {
  const { seals, rows, erased, unsealed, fault } = found;
  const text = facts({
    seals,
    rows,
    erased,
    head: found.head && `${found.head.position}:${found.head.seal}`,
    unsealed: unsealed.since === null ? 0 : `${unsealed.rows}, the oldest of ${unsealed.since.toISOString()}`,
  });
  if (fault === null) return { json: found, text };
  return {
    json: found,
    text,
    exitCode: 1,
    error: new MusterError("conflict", explained(fault), { at: fault.row === null ? "" : String(fault.row) }),
  };
}

function explained({ kind, seal, row }: NonNullable<AuditVerification["fault"]>): string {
  switch (kind) {
    case "changed":
      return `row ${row} of the audit was changed after it was sealed (seal ${seal})`;
    case "missing":
      return `row ${row} of the audit is gone; seal ${seal} covers it`;
    case "added":
      return `row ${row} was put into the audit after seal ${seal} was made`;
    case "seal":
      return `seal ${seal} was changed, or one was taken away there`;
    case "other-key":
      return `seal ${seal} was made with another secret key; name that one's file (MUSTER_SECRET_KEY_FILE)`;
  }
}
