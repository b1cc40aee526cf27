import { Argument, type Command } from "commander";
import { simulate, type Tx } from "../db/transaction.ts";
import { applyPreset } from "../identity/settings/apply-preset.ts";
import { PRESET_NAMES, PRESETS, type PresetName } from "../identity/settings/presets.ts";
import { table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";

/** `muster org preset`. */
export function registerPreset(org: Command, line: CommandLine): void {
  const names = PRESET_NAMES.map((name) => `${name} (${PRESETS[name].summary})`).join("; ");
  org
    .command("preset")
    .addArgument(new Argument("<name>", names).choices([...PRESET_NAMES]))
    .description("fill the settings as a preset has them; each can be changed afterwards")
    .option("--dry-run", "tell what would be another, and change nothing")
    .action(
      line.inOrganization(
        async ({ ctx, actor, write }, { dryRun }: GlobalOptions & { dryRun?: true }, name: PresetName) => {
          const work = (tx: Tx) => applyPreset(tx, ctx.config.mail, name);
          const lock = "exclusive";
          const { changes, keptBy } = await (dryRun ? simulate(ctx, actor, work, { lock }) : write(work, lock));
          const rows = changes.map((one) => [
            one.product ?? "",
            one.name,
            JSON.stringify(one.before),
            JSON.stringify(one.after),
          ]);
          const lines = [
            table(["product", "setting", "before", "after"], rows),
            ...(keptBy.length > 0 ? [`What these products say of their own guests stays: ${keptBy.join(", ")}.`] : []),
            ...(dryRun ? ["Nothing was done."] : []),
          ];
          return { json: { preset: name, dryRun: dryRun === true, changes, keptBy }, text: lines.join("\n") };
        },
      ),
    );
}
