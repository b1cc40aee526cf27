import { type Command, Option } from "commander";
import { simulate } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { withCanonicalDomains } from "../identity/authoritative-domains.ts";
import { resolveDirectory, updateDirectory } from "../identity/directories.ts";
import { orderDirectories } from "../identity/directory-order.ts";
import { DIRECTORY_PERMISSIONS, type DirectoryPermissions } from "../identity/directory-permissions.ts";
import { PROFILES, type Profile } from "../identity/profiles.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { consequencesText } from "./consequences.ts";
import { registerDirectoryAdd } from "./directory-add.ts";
import { registerDirectoryClient } from "./directory-client.ts";
import { registerDirectoryList, whereWritten } from "./directory-list.ts";
import { registerDirectoryRelease } from "./directory-release.ts";
import { registerDirectoryRemove } from "./directory-remove.ts";
import { registerDirectorySet } from "./directory-set.ts";
import { registerDirectorySwitch } from "./directory-switch.ts";
import { registerDirectorySync } from "./directory-sync.ts";
import { registerDirectoryTest } from "./directory-test.ts";
import { registerDirectoryToken } from "./directory-token.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";

/** `muster directory …`. */
export function registerDirectory(program: Command, line: CommandLine): void {
  const directory = program.command("directory").description("where people and groups come from, in order");
  registerDirectoryList(directory, line);
  registerDirectoryAdd(directory, line);
  registerDirectorySet(directory, line);
  registerDirectoryTest(directory, line);
  registerDirectorySync(directory, line);
  registerDirectorySwitch(directory, line);
  registerOrder(directory, line);
  registerPolicies(directory, line);
  registerDirectoryRemove(directory, line);
  registerDirectoryRelease(directory, line);
  registerDirectoryToken(directory, line);
  registerDirectoryClient(directory, line);
}

function registerOrder(directory: Command, line: CommandLine): void {
  directory
    .command("order <names...>")
    .description("put all directories in this order; who is in several is taken from the first")
    .option("--dry-run", "say what that would do to whom, change nothing")
    .action(
      line.inOrganization(async (session, options: { dryRun?: true }, names: string[]) => {
        const { ctx, actor, write } = session;
        const { directories, ...ordered } = options.dryRun
          ? await simulate(ctx, actor, (tx) => orderDirectories(tx, names), { lock: "exclusive" })
          : await write((tx) => orderDirectories(tx, names), "exclusive");
        return {
          json: {
            dryRun: options.dryRun ?? false,
            ...ordered,
            directories: directories.map(({ id, name, kind, position }) => ({ id, name, kind, position })),
          },
          text: [
            table(
              ["position", "name", "kind"],
              directories.map((one) => [one.position, one.name, one.kind]),
            ),
            consequencesText(ordered.consequences),
            whereWritten(ordered.writeTarget),
          ].join("\n"),
        };
      }),
    );
}

function registerPolicies(directory: Command, line: CommandLine): void {
  directory
    .command("policy <name>")
    .description("settings of one directory")
    .option("--domain-policy", "user and admin roles by synced groups only for addresses in the sign-up domains")
    .option("--no-domain-policy", "for every address")
    .option(
      "--authoritative <domains>",
      "domains whose addresses it is believed about, separated by commas; none: empty",
    )
    .addOption(
      new Option("--permissions <what>", "what administrators may change of its people and groups").choices([
        ...DIRECTORY_PERMISSIONS,
      ]),
    )
    .addOption(
      new Option("--profile <name>", "how the identity provider speaks SCIM; generic understands all").choices([
        ...PROFILES,
      ]),
    )
    .option("--require-if-match", "changes over SCIM must name the version that they change, else 428")
    .option("--no-require-if-match", "they may")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(
        async (
          session,
          options: DryOption & {
            domainPolicy?: boolean;
            authoritative?: string;
            permissions?: DirectoryPermissions;
            profile?: Profile;
            requireIfMatch?: boolean;
          },
          name: string,
        ) => {
          const found = await resolveDirectory(session.db, name);
          if (options.profile !== undefined && found.kind !== "scim")
            throw new MusterError("invalid", `only a directory of kind scim has a profile; ${name} is ${found.kind}`, {
              at: "--profile",
            });
          if (options.requireIfMatch !== undefined && found.kind !== "scim")
            throw new MusterError(
              "invalid",
              `only a directory of kind scim is changed over SCIM; ${name} is ${found.kind}`,
              {
                at: "--require-if-match",
              },
            );
          const changes = withCanonicalDomains({
            ...(options.permissions === undefined ? {} : { permissions: options.permissions }),
            ...(options.profile === undefined ? {} : { profile: options.profile }),
            ...(options.requireIfMatch === undefined ? {} : { requireIfMatch: options.requireIfMatch }),
            ...(options.domainPolicy === undefined ? {} : { domainPolicy: options.domainPolicy }),
            ...(options.authoritative === undefined ? {} : { authoritativeDomains: words(options.authoritative) }),
          });
          const told = (changed: boolean) => {
            const view = { id: found.id, name: found.name, ...changes, changed };
            return { json: view, text: facts(view) };
          };
          return writeOrTell(session, options, (tx) => updateDirectory(tx, found.id, changes), told, "exclusive");
        },
      ),
    );
}

function words(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}
