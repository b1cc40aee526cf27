import { dirname } from "node:path";
import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { newId, type OrganizationId } from "../../db/id.ts";
import { inTransaction, simulate, type Tx } from "../../db/transaction.ts";
import { setExternalUserManagement } from "../../identity/external-user-management.ts";
import {
  createOrganization,
  listOrganizations,
  renameOrganization,
  setMembershipMode,
} from "../../identity/organizations.ts";
import { setSchemaExtensions } from "../../identity/schema-extensions/write.ts";
import { changeSettings } from "../../identity/settings/settings.ts";
import type { CommandLine } from "../command-line.ts";
import { typedPath } from "../input.ts";
import { commandActor, secretKey } from "../session.ts";
import { applyDirectories, type Secrets } from "./directories.ts";
import { isPulled, type PulledParts, pulledParts } from "./pulled-parts.ts";
import { type ApplySource, readApplyFile } from "./read.ts";
import { applyRoles } from "./roles.ts";
import type { WantedOrganization } from "./schema.ts";
import { applyStructure } from "./structure.ts";
import { newTally, type Tally, updatedIf } from "./tally.ts";

/** `muster apply -f FILE`: makes what the file describes, as often as one likes. */
export function registerApply(program: Command, line: CommandLine): void {
  program
    .command("apply")
    .description("make organizations, products, directories, schemas, grants and policies as a file describes them")
    .requiredOption("-f, --file <file>", "YAML; config/demo.yaml is one")
    .option("--dry-run", "say what would change, change nothing")
    .action(async (options: { file: string; dryRun?: true }, command: Command) => {
      // The whole file is read and checked before the database is opened.
      const source = readApplyFile(typedPath(line.environment, options.file));
      const action = line.onDatabase((ctx) => apply(ctx, source, options.dryRun ?? false));
      await action(options, command);
    });
}

async function apply(ctx: Context, source: ApplySource, dryRun: boolean) {
  const secrets: Secrets = { pulled: new Map(), key: () => secretKey(ctx) };
  const total = newTally();
  for (const [index, wanted] of source.file.organizations.entries()) {
    const pulled = readPulledParts(source, index, wanted);
    const tally = await applyOrganization(ctx, wanted, { ...secrets, pulled }, dryRun);
    for (const outcome of ["created", "updated", "unchanged", "removed"] as const)
      total.counts[outcome] += tally.counts[outcome];
    total.lines.push(...tally.lines);
  }
  const { created, updated, unchanged, removed } = total.counts;
  const sum = `${dryRun ? "would be: " : ""}${created} created, ${updated} updated, ${unchanged} unchanged, ${removed} removed`;
  return { json: total.counts, text: [...total.lines, sum].join("\n") };
}

function readPulledParts(
  source: ApplySource,
  organization: number,
  wanted: WantedOrganization,
): Map<string, PulledParts> {
  const parts = new Map<string, PulledParts>();
  for (const [index, directory] of wanted.directories.entries())
    if (isPulled(directory)) {
      const place = (path: string) =>
        source.place(["organizations", organization, "directories", index, ...path.split(".")]);
      parts.set(directory.name, pulledParts(directory, dirname(source.path), place));
    }
  return parts;
}

/** One organization in one transaction: all of it or nothing. */
async function applyOrganization(
  ctx: Context,
  wanted: WantedOrganization,
  secrets: Secrets,
  dryRun: boolean,
): Promise<Tally> {
  const there = (await listOrganizations(ctx.db)).find((organization) => organization.key === wanted.key);
  const id = there?.id ?? newId<OrganizationId>();
  const work = async (tx: Tx) => {
    const tally = newTally();
    if (!there) await createOrganization(tx, { key: wanted.key });
    const renamed = wanted.name !== undefined && (await renameOrganization(tx, wanted.name));
    const { externalUserManagement: outside, membershipMode: mode } = wanted;
    const changed = mode !== undefined && (await setMembershipMode(tx, mode));
    const managed = outside !== undefined && (await setExternalUserManagement(tx, outside));
    tally.note(there ? updatedIf(renamed || changed || managed) : "created", `organization ${wanted.key}`);
    if (wanted.settings) tally.note(updatedIf((await changeSettings(tx, wanted.settings)).length > 0), "settings");
    await applyStructure(tx, wanted, !there, tally);
    await applyDirectories(tx, wanted.directories, secrets, tally);
    if (wanted.schemaExtensions)
      for (const { urn, outcome } of await setSchemaExtensions(tx, wanted.schemaExtensions))
        tally.note(outcome, `schema extension ${urn}`);
    await applyRoles(tx, wanted, tally);
    return tally;
  };
  return (dryRun ? simulate : inTransaction)(ctx, commandActor(id), work, { lock: "exclusive" });
}
