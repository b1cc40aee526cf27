import type { Knex } from "knex";
import { DIFFERENCE, WANTED } from "./reconcile/difference.ts";
import { PATHS } from "./reconcile/paths.ts";
import { RECONCILE } from "./reconcile/reconcile.ts";
import { NOTE, SETTLE } from "./reconcile/settle.ts";

/**
 * The reconciler: who has which role on which product, and by which path. `access_paths` is the one statement that
 * knows the rule; the compute (`access_wanted`, `access_difference`, `reconcile`) and `explain` both select from it.
 * All functions run with the caller's rights, so row-level security stands.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(PATHS);
  await knex.raw(WANTED);
  await knex.raw(DIFFERENCE);
  await knex.raw(SETTLE);
  await knex.raw(NOTE);
  await knex.raw(RECONCILE);
  for (const routine of [
    "access_paths(uuid, uuid[])",
    "access_wanted(uuid, uuid[])",
    "access_difference(uuid, uuid[], timestamptz)",
    "settle_access(uuid, uuid[], timestamptz)",
    "note_access(uuid, access_change[], timestamptz, text, text, text)",
    "reconcile(uuid, uuid[], text, text, text)",
    "settle(uuid, uuid[], text, text, text)",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
}
