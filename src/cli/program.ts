import { Command, Option } from "commander";
import { version } from "../version.ts";
import { registerAccess } from "./access.ts";
import { registerAdmin } from "./admin.ts";
import { registerApply } from "./apply/command.ts";
import { registerAudit } from "./audit.ts";
import { registerBackup } from "./backup.ts";
import { registerBreakGlass } from "./break-glass.ts";
import type { CommandLine } from "./command-line.ts";
import { registerCompletion } from "./completion/command.ts";
import { registerDirectory } from "./directory.ts";
import { registerDoctor } from "./doctor/command.ts";
import { registerDomain } from "./domain.ts";
import { registerEvent } from "./event.ts";
import { registerExport } from "./export.ts";
import { FORMS } from "./form.ts";
import { registerGrant } from "./grant.ts";
import { registerGroup } from "./group.ts";
import { registerGuest } from "./guest.ts";
import { registerInvite } from "./invite.ts";
import { registerJob } from "./job.ts";
import { registerLink } from "./link.ts";
import { registerMail } from "./mail.ts";
import { registerOrganization } from "./organization.ts";
import { registerProduct } from "./product.ts";
import { registerRequest } from "./request.ts";
import { registerRight } from "./right.ts";
import { registerRunning } from "./running.ts";
import { registerSchema } from "./schema.ts";
import { registerScim } from "./scim.ts";
import { registerSessions } from "./sessions.ts";
import { registerSignUp } from "./sign-up.ts";
import { registerSingleSignOn } from "./single-sign-on.ts";
import { registerSite } from "./site.ts";
import { registerSpace } from "./space.ts";
import { registerSupport } from "./support.ts";
import { registerSync } from "./sync.ts";
import { registerToken } from "./token.ts";
import { registerUser } from "./user.ts";
import { registerWebhook } from "./webhook.ts";

const NOUNS: readonly ((program: Command, line: CommandLine) => void)[] = [
  registerRunning,
  registerApply,
  registerOrganization,
  registerSite,
  registerAdmin,
  registerRight,
  registerBreakGlass,
  registerSessions,
  registerSingleSignOn,
  registerProduct,
  registerSpace,
  registerDirectory,
  registerScim,
  registerSchema,
  registerSync,
  registerGroup,
  registerGrant,
  registerUser,
  registerAccess,
  registerInvite,
  registerMail,
  registerLink,
  registerRequest,
  registerSignUp,
  registerGuest,
  registerDomain,
  registerToken,
  registerWebhook,
  registerEvent,
  registerJob,
  registerExport,
  registerDoctor,
  registerAudit,
  registerSupport,
  registerBackup,
  registerCompletion,
];

/**
 * The whole command with everything below it.
 * @param explain receives the text of --help and --version.
 */
export function makeProgram(line: CommandLine, explain: (text: string) => void): Command {
  const program = new Command("muster")
    .description("Muster: a self-hosted SCIM 2.0 provisioning server and identity-sync daemon")
    .version(version(), "--version", "say which Muster this is")
    .addOption(new Option("-o, --output <form>", "how to answer; table by default").choices([...FORMS]))
    .option("--json", "answer with one JSON value on standard output, as -o json")
    .option("--org <key>", "the organization; may be left out while there is only one")
    .option("--site <key>", "the site; may be left out while there is only one")
    .helpCommand("help [command]", "explain a command")
    .showSuggestionAfterError(true);
  for (const register of NOUNS) register(program, line);
  configure(program, explain);
  return program;
}

/** Commander prints nothing by itself; its errors become ours. */
function configure(command: Command, explain: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: explain, writeErr: () => {}, outputError: () => {} });
  for (const inner of command.commands) configure(inner, explain);
}
