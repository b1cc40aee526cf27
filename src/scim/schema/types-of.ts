import type { Database } from "../../db/connection.ts";
import type { OrganizationId } from "../../db/id.ts";
import { listSchemaExtensions } from "../../identity/schema-extensions/read.ts";
import type { ResourceTypes } from "./attribute.ts";
import { CORE_TYPES, compileTypes } from "./resource-types.ts";

type Compiled = { version: number; types: Promise<ResourceTypes> };

/** Organizations whose compiled extensions are held; the one that was asked for longest ago goes first. */
const MAX_COMPILED = 200;
const compiled = new WeakMap<Database, Map<OrganizationId, Compiled>>();

/**
 * The kinds of resources of an organization whose schema extensions stand at this version (`organizations.schema_version`).
 * Compiled once per version; 0 is an organization that never declared any, for which the database is not asked.
 */
export function typesOf(
  ctx: { db: Database },
  organization: OrganizationId,
  schemaVersion: number,
): Promise<ResourceTypes> | ResourceTypes {
  if (schemaVersion === 0) return CORE_TYPES;
  const held = compiled.get(ctx.db) ?? new Map<OrganizationId, Compiled>();
  compiled.set(ctx.db, held);
  let found = held.get(organization);
  // Whoever still knows an older version only is served by the newer one.
  if (found === undefined || found.version < schemaVersion) {
    const types = listSchemaExtensions(ctx.db.of(organization)).then(compileTypes);
    const fresh = { version: schemaVersion, types };
    // What failed is tried again by the next request.
    types.catch(() => held.get(organization) === fresh && held.delete(organization));
    found = fresh;
  }
  held.delete(organization);
  held.set(organization, found);
  for (const oldest of held.keys()) {
    if (held.size <= MAX_COMPILED) break;
    held.delete(oldest);
  }
  return found.types;
}
