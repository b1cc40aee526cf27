import { z } from "zod";
import { applyPreset } from "../identity/settings/apply-preset.ts";
import { settingsForm } from "../identity/settings/form.ts";
import { PRESET_NAMES, PRESETS } from "../identity/settings/presets.ts";
import { listOf, wholeList } from "./fields.ts";
import { route } from "./route.ts";

const name = z.enum(PRESET_NAMES);
const preset = z
  .object({
    name,
    summary: z.string(),
    signUpVerification: z.enum(["always", "restricted-only"]),
    settings: z.object(settingsForm.shape),
  })
  .meta({ id: "Preset" });

/** `/settings/presets`: the ways of working that the settings can be filled with. */
export const presetRoutes = [
  route({
    id: "presets.list",
    method: "GET",
    path: "/settings/presets",
    summary: "List the presets with the value that each gives to every setting",
    guard: { permission: "settings:read" },
    answer: listOf(preset),
    read: async () =>
      wholeList(
        PRESET_NAMES.map((one) => {
          const { summary, signUpVerification, ...settings } = PRESETS[one];
          return { name: one, summary, signUpVerification, settings };
        }),
      ),
  }),
  route({
    id: "presets.apply",
    method: "POST",
    path: "/settings/apply-preset",
    summary: "Fill the settings as a preset has them; dryRun=true tells what would be another",
    guard: { permission: "settings:write" },
    body: z.strictObject({ name }),
    answer: z
      .object({
        changes: z.array(
          z.object({ product: z.string().nullable(), name: z.string(), before: z.unknown(), after: z.unknown() }),
        ),
        keptBy: z.array(z.string()),
      })
      .meta({ id: "AppliedPreset" }),
    lock: "exclusive",
    write: (tx, { ctx, body }) => applyPreset(tx, ctx.config.mail, body.name),
  }),
];
