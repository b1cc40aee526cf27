import { type Command, Option } from "commander";
import type { Db } from "../db/connection.ts";
import { parseFieldFilter } from "../filter/fields.ts";
import { ACCOUNT_FIELDS, type AccountOverview, listAccounts, STATUSES } from "../identity/account-overview.ts";
import type { OrganizationSettings } from "../identity/settings/form.ts";
import { getSettings } from "../identity/settings/settings.ts";
import { SITE_STATUSES, type SiteStatus, type Status } from "../identity/statuses.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type FilterOptions, filtered, listed, whole } from "./list.ts";
import { sitesText } from "./user-answer.ts";

type Vocabulary = OrganizationSettings["statusVocabulary"];
type WhichOptions = FilterOptions & { status?: Status; siteStatus?: SiteStatus; statusVocabulary?: Vocabulary };
/** `muster user list`. */
export function registerUserList(user: Command, line: CommandLine): void {
  filtered(whole(user.command("list").description("everybody")), 'status eq "active" and directory eq "okta"')
    .addOption(new Option("--status <status>", "only these").choices([...STATUSES]))
    .addOption(new Option("--site-status <status>", "only who stands so on some site").choices([...SITE_STATUSES]))
    .addOption(
      new Option(
        "--status-vocabulary <words>",
        "whose words tell how people stand; the setting of that name if not given",
      ).choices(["organization", "site"]),
    )
    .action(
      line.inOrganization(async (session, options: WhichOptions) => {
        const all = await everybody(session.db, options);
        const words = options.statusVocabulary ?? (await getSettings(session.db)).statusVocabulary;
        return {
          json: all,
          text: table(
            ["user name", "e-mail", "status", "from", "id"],
            all.map((one) => [
              one.userName,
              one.email,
              words === "site" ? sitesText(one) : one.status,
              one.records.map((record) => record.directory).join(" + "),
              one.id,
            ]),
          ),
        };
      }),
    );
}

async function everybody(db: Db, { status, siteStatus, ...options }: WhichOptions): Promise<AccountOverview[]> {
  const wanted = [
    ...(options.filter === undefined ? [] : [`(${options.filter})`]),
    ...(status === undefined ? [] : [`status eq "${status}"`]),
    ...(siteStatus === undefined ? [] : [`siteStatus eq "${siteStatus}"`]),
  ].join(" and ");
  const filter = wanted === "" ? null : parseFieldFilter(wanted, ACCOUNT_FIELDS, "users");
  return listed<AccountOverview>(options, (page) => listAccounts(db, { filter, ...page }), "whole");
}
