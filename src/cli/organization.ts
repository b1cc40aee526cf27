import { type Command, Option } from "commander";
import type { Db } from "../db/connection.ts";
import { newId, type OrganizationId } from "../db/id.ts";
import { inTransaction, simulate, type Tx } from "../db/transaction.ts";
import { setExternalUserManagement } from "../identity/external-user-management.ts";
import { LOCALES, type Locale, setLocale } from "../identity/locales.ts";
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  type MembershipMode,
  renameOrganization,
  setMembershipMode,
} from "../identity/organizations.ts";
import { settingsChange } from "../identity/settings/form.ts";
import { changeSettings, getSettings } from "../identity/settings/settings.ts";
import { setTimeZone } from "../identity/time-zone.ts";
import { type Answer, facts, table } from "./answer.ts";
import { assignments } from "./assignments.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption } from "./dry-run.ts";
import { registerPreset } from "./organization-preset.ts";
import { commandActor } from "./session.ts";

type SetOptions = {
  name?: string;
  membershipMode?: MembershipMode;
  externalUserManagement?: boolean;
  locale?: Locale;
  timeZone?: string;
};

/** `muster org …`. */
export function registerOrganization(program: Command, line: CommandLine): void {
  const org = program.command("org").description("organizations");
  org
    .command("create <key>")
    .description("make an organization with a site of the same key and the directory internal")
    .option("--name <name>", "what people read; the key by default")
    .addOption(dryRunOption())
    .action(
      line.onDatabase(async (ctx, options: DryOption & { name?: string }, key: string) => {
        const id = newId<OrganizationId>();
        const make = (tx: Tx) =>
          createOrganization(tx, { key, ...(options.name === undefined ? {} : { name: options.name }) });
        await (options.dryRun ? simulate : inTransaction)(ctx, commandActor(id), make, { lock: "exclusive" });
        // Another time it would have another id.
        if (options.dryRun) return { json: { dryRun: true, key }, text: `${key} can be made. Nothing was done.` };
        return { json: { id, key }, text: facts({ organization: key, id }) };
      }),
    );
  org
    .command("list")
    .description("all organizations")
    .action(
      line.onDatabase(async (ctx) => {
        const all = await listOrganizations(ctx.db);
        return {
          json: all,
          text: table(
            ["key", "id"],
            all.map((one) => [one.key, one.id]),
          ),
        };
      }),
    );
  org
    .command("show")
    .description("the organization's settings")
    .action(line.inOrganization(({ db }) => shown(db)));
  org
    .command("set [settings...]")
    .description("change the organization's settings, as NAME=VALUE (docs/settings.md) or by these options")
    .option("--name <name>", "what people read")
    .addOption(
      new Option("--membership-mode <mode>", "whose memberships count for people in several directories").choices([
        "aggregating",
        "masking",
      ]),
    )
    .addOption(new Option("--locale <locale>", "the language of mails and pages").choices([...LOCALES]))
    .option("--time-zone <zone>", "where periods end and times are shown, as in Europe/Berlin")
    .option("--external-user-management", "people are added, invited and edited outside of Muster alone")
    .option("--no-external-user-management", "administrators do it here too")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & SetOptions, texts: string[]) => {
        const wanted = assignments(settingsChange, texts);
        const work = async (tx: Tx) => {
          if (options.name !== undefined) await renameOrganization(tx, options.name);
          if (options.membershipMode !== undefined) await setMembershipMode(tx, options.membershipMode);
          if (options.externalUserManagement !== undefined)
            await setExternalUserManagement(tx, options.externalUserManagement);
          if (options.locale !== undefined) await setLocale(tx, options.locale);
          if (options.timeZone !== undefined) await setTimeZone(tx, options.timeZone);
          await changeSettings(tx, wanted);
          return shown(tx);
        };
        return answerOrTell(session, options, work, "exclusive");
      }),
    );
  registerPreset(org, line);
}

async function shown(db: Db): Promise<Answer> {
  const all = { ...(await getOrganization(db)), ...(await getSettings(db)) };
  return { json: all, text: facts(all) };
}
