import { z } from "zod";
import type { GroupId, ProductId, SiteId } from "../db/id.ts";
import { BUNDLES } from "../identity/rights/bundles.ts";
import { PERMISSIONS } from "../identity/rights/permissions.ts";
import { idIn, idOut } from "./fields.ts";

/** What a right or a token is for, as requests name it. */
export const scopeIn = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("organization") }),
  z.strictObject({ kind: z.literal("site"), id: idIn<SiteId>() }),
  z.strictObject({ kind: z.literal("product"), id: idIn<ProductId>() }),
  z.strictObject({ kind: z.literal("group"), id: idIn<GroupId>() }),
]);

/** The same in an answer. */
export const scopeOut = z
  .object({ kind: z.enum(["organization", "site", "product", "group"]), id: idOut.optional() })
  .meta({ id: "Scope" });

export const bundle = z.enum(BUNDLES).meta({ id: "Bundle" });
export const permission = z.enum(PERMISSIONS).meta({ id: "Permission" });
