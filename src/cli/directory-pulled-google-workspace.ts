import { Option } from "commander";
import { flag, HOUR, type PulledKind } from "./directory-pulled.ts";
import { collected, count } from "./input.ts";

/** Options → keys of the settings. */
const KEYS: Record<string, string> = {
  admin: "admin",
  customer: "customer",
  domain: "domains",
  unit: "organizationalUnits",
  group: "groups",
  deletedUsers: "deletedUsers",
  archivedActive: "archivedIsInactive",
  groupName: "groupName",
  quota: "quotaPerMinute",
};

export const googleWorkspaceKind: PulledKind = {
  options: ["keyFile", ...Object.keys(KEYS)],
  needed: () => ["admin", "keyFile"],
  every: HOUR,
  add: (command) =>
    command
      .optionsGroup("Options of kind google-workspace (docs/directories/google-workspace.md):")
      .option("--admin <email>", "the administrator in whose name it is read")
      .option("--key-file <file>", "the key of the service account (JSON), as Google Cloud gives it out")
      .option("--customer <id>", "a customer that the administrator resells to (default: the administrator's own)")
      .option("--domain <domain>", "only people and groups with addresses in this domain, repeatable", collected)
      .option("--unit <path>", "only people in this organizational unit and those below, repeatable", collected)
      .option(
        "--group <pattern>",
        "only groups with this address, * standing for any characters, repeatable",
        collected,
      )
      .addOption(
        new Option(
          "--deleted-users <how>",
          "people whom Google can still restore: gone at once, or held inactive (default: absent)",
        ).choices(["absent", "inactive"]),
      )
      .option("--archived-active", "archived people count as active")
      .option("--no-archived-active", "they count as inactive (default)")
      .addOption(
        new Option("--group-name <which>", "what a group is called (default: name)").choices(["name", "email"]),
      )
      .option("--quota <n>", "queries that Google allows the administrator in a minute (default: 2400)", count),
  settingsOf: (options) =>
    Object.fromEntries(
      Object.entries(KEYS)
        .filter(([option]) => options[option] !== undefined)
        .map(([option, key]) => [key, option === "archivedActive" ? !options[option] : options[option]]),
    ),
  flagOf: (path) => {
    const [first = ""] = path.split(".");
    const option = Object.keys(KEYS).find((candidate) => KEYS[candidate] === first);
    return option === undefined ? path : flag(option);
  },
  secret: "keyFile",
};
