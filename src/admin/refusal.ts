import { z } from "zod";

/** The setting that stands in the way. */
export const settingInTheWay = z
  .object({ name: z.string(), value: z.string(), path: z.string(), command: z.string(), consequence: z.string() })
  .meta({ description: "The setting that stands in the way, where it is changed, and what that brings." });

/** Why something is refused whoever asks for it. R19, R24. */
export const refusalAnswer = z
  .object({ code: z.enum(["externally-managed", "read-only"]), message: z.string(), setting: settingInTheWay })
  .meta({ id: "Refusal" });
