import type { Knex } from "knex";
import { AIMS } from "./by-product/aims.ts";
import { COUNTS, RESERVED, SETTLE } from "./by-product/counts.ts";
import { CHANGE, CHANGE_EACH } from "./by-product/members.ts";
import { RULE } from "./by-product/rule.ts";
import { RECONCILE, WORK_OUT, WRITE } from "./by-product/work-out.ts";
import { protect } from "./protect.ts";
import { ACTIVATE } from "./together/active.ts";

/** What refers to the old forms of functions that get further parameters. */
const GIVE_WAY = `
  alter type access_change add attribute was_admitted timestamptz;
  drop function access_difference(uuid, uuid[], access_aim[], timestamptz);
  drop function aims_of(uuid, uuid[], timestamptz);
  drop function access_aims(uuid, uuid[], timestamptz);
  drop function access_wanted(uuid, uuid[]);
`;

/** As in 0027, but the accounts, which it has locked, are not locked once more. */
const ACTIVE = ACTIVATE.replace("create function", "create or replace function").replace(
  "reconcile_each(of_organization, of_accounts, by_kind",
  "reconcile_each(of_organization, of_accounts, null, true, by_kind",
);

/** Access is worked out of the products alone that a change touches, and how much of each is taken is counted once. */
export async function up(knex: Knex): Promise<void> {
  for (const part of [
    GIVE_WAY,
    RULE,
    AIMS,
    COUNTS,
    RESERVED,
    SETTLE,
    WRITE,
    WORK_OUT,
    RECONCILE,
    ACTIVE,
    CHANGE,
    CHANGE_EACH,
  ])
    await knex.raw(part);
  await protect(knex, "access_counts");
  for (const routine of [
    "groups_below(uuid, uuid[])",
    "access_paths(uuid, uuid[], uuid[], uuid[])",
    "access_wanted(uuid, uuid[], uuid[], uuid[])",
    "access_aims(uuid, uuid[], uuid[], uuid[], timestamptz)",
    "aims_of(uuid, uuid[], uuid[], timestamptz)",
    "access_difference(uuid, uuid[], uuid[], access_aim[], timestamptz)",
    "products_above(uuid, uuid[])",
    "access_counted(uuid, uuid[], timestamptz)",
    "fold_access_counts(uuid, uuid)",
    "count_access(uuid, access_change[])",
    "recount_access(uuid, uuid[])",
    "kinds_of(access_change[], timestamptz)",
    "write_access(uuid, access_change[], timestamptz, access_kinds)",
    "work_out_access(uuid, uuid[], uuid[], boolean, text, uuid[], text[], text[])",
    "reconcile_each(uuid, uuid[], uuid[], boolean, text, uuid[], text[], text[])",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
}
