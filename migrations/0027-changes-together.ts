import type { Knex } from "knex";
import { ACTIVATE } from "./together/active.ts";
import { CHANGE_MEMBERS } from "./together/change-members.ts";
import { DIFFERENCE } from "./together/difference.ts";
import { LOOKUPS } from "./together/lookups.ts";
import { MEMBERS } from "./together/members.ts";
import { PATHS } from "./together/paths.ts";
import { SPEND } from "./together/spend.ts";
import { LASTING, RECORD } from "./together/tables.ts";
import { RECONCILE, WORK_OUT } from "./together/work-out.ts";

/** Several requests' changes of people in one transaction, each with its own answer, audit and event. */
export async function up(knex: Knex): Promise<void> {
  for (const part of [
    LASTING,
    RECORD,
    PATHS,
    DIFFERENCE,
    LOOKUPS,
    WORK_OUT,
    SPEND,
    RECONCILE,
    ACTIVATE,
    MEMBERS,
    CHANGE_MEMBERS,
  ])
    await knex.raw(part);
  for (const routine of [
    "aims_of(uuid, uuid[], timestamptz)",
    "work_out_access(uuid, uuid[], text, uuid[], text[], text[])",
    "note_access(uuid, access_change[], timestamptz, text, uuid[], text[], text[])",
    "reconcile_each(uuid, uuid[], text, uuid[], text[], text[])",
    "set_directory_users_active(uuid, uuid, uuid[], boolean[], text, text[], text[])",
    "change_members_each(uuid, uuid, uuid[], text, text[], text[], integer[], uuid[], boolean[])",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
}
