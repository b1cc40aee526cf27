import type { Command } from "commander";
import type { Db } from "../db/connection.ts";
import { type AccountId, type BreakGlassId, parseId, type SessionId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { listBreakGlass } from "../identity/break-glass.ts";
import { endSession, endSessions, listSessions } from "../identity/sessions.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";

type Whose = { breakGlass?: true };

/** `muster session …`: who is signed in at the console. */
export function registerSessions(program: Command, line: CommandLine): void {
  const session = program.command("session").description("who is signed in at the console");
  session
    .command("list <person>")
    .description("where a person is signed in")
    .option("--break-glass", "the name is a break-glass administrator's")
    .action(
      line.inOrganization(async ({ db }, options: Whose, name: string) => {
        const all = await listSessions(db, await holderOf(db, options, name));
        return {
          json: all,
          text: table(
            ["by", "from", "since", "last used", "ends", "id"],
            all.map((one) => [one.method, one.address, one.createdAt, one.lastUsedAt, one.expiresAt, one.id]),
          ),
        };
      }),
    );
  session
    .command("end <person> [session]")
    .description("sign a person out: of one session, or of all")
    .option("--break-glass", "the name is a break-glass administrator's")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((own, options: DryOption & Whose, name: string, text: string | undefined) => {
        const work = async (tx: Tx) => {
          const holder = await holderOf(tx, options, name);
          if (text === undefined) return endSessions(tx, holder);
          await endSession(tx, holder, sessionId(text));
          return 1;
        };
        const told = (ended: number) => ({
          json: { ended },
          text: ended === 1 ? "1 session ended" : `${ended} sessions ended`,
        });
        return writeOrTell(own, options, work, told, "none");
      }),
    );
}

async function holderOf(
  db: Db,
  { breakGlass }: Whose,
  name: string,
): Promise<{ account: AccountId } | { breakGlass: BreakGlassId }> {
  if (!breakGlass) return { account: await resolvePerson(db, name) };
  const found = (await listBreakGlass(db)).find((one) => one.name === name);
  if (!found) throw new MusterError("not-found", `there is no break-glass administrator ${name}`, { at: name });
  return { breakGlass: found.id };
}

function sessionId(text: string): SessionId {
  const id = parseId<SessionId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such session", { at: text });
  return id;
}
