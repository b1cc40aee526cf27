import type { Knex } from "knex";
import { protect } from "./protect.ts";
import { DIFFERENCE, WANTED } from "./statements/access.ts";
import { CANONICAL } from "./statements/canonical.ts";
import { COUNTS } from "./statements/counts.ts";
import { COLUMNS, INDEXES } from "./statements/indexes.ts";
import { LOCK } from "./statements/lock.ts";
import { MEMBER_ROUTINES, MEMBERS } from "./statements/members.ts";
import { PATHS } from "./statements/paths.ts";
import { USER_ROUTINES, USERS } from "./statements/users.ts";
import { NOTE, WORK_OUT } from "./statements/work-out.ts";

/**
 * What makes a SCIM request one statement or two: changes of one record or group as functions, which take the locks,
 * write, work out access and leave audit and events; and the columns and indexes that searches need. All functions run
 * with the caller's rights, so row-level security stands.
 */
export async function up(knex: Knex): Promise<void> {
  for (const part of [COLUMNS, INDEXES, COUNTS]) await knex.raw(part);
  for (const part of [PATHS, WANTED, DIFFERENCE, WORK_OUT, NOTE, LOCK, CANONICAL, USERS, MEMBERS]) await knex.raw(part);
  for (const routine of [
    "text_after(text)",
    "shown_name_key(jsonb)",
    "first_address_key(jsonb)",
    "has_further_addresses(jsonb)",
    "keep_further_addresses(uuid, uuid, jsonb)",
    "count_directory_users(uuid, uuid)",
    "lock_organization(uuid, boolean)",
    "access_holders(uuid, uuid[])",
    "access_aims(uuid, uuid[], timestamptz)",
    "access_difference(uuid, uuid[], access_aim[], timestamptz)",
    "write_access(uuid, access_change[], timestamptz)",
    "access_told(uuid, access_change[], timestamptz)",
    "refresh_canonical(uuid, uuid[], text, text, text)",
    "park_local_facts(uuid, uuid[])",
    ...USER_ROUTINES,
    ...MEMBER_ROUTINES,
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
  await protect(knex, "further_addresses");
  await protect(knex, "directory_user_counts");
}
