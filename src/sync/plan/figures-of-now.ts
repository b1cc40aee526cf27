import type { Db } from "../../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import { userNameKey } from "../../identity/keys.ts";
import type { GuardFigures } from "../guard.ts";
import { countAdministrators, countShutOut, countWindow, type PlannedNames, throughWindow } from "./figures.ts";

/**
 * The figures of a plan that has waited, as they would be by now: plans that were applied meanwhile have taken people away,
 * directories stand in another order, administrators and people of other directories have come and gone.
 */
export async function figuresOfNow(
  db: Db,
  run: SyncRunId,
  directory: DirectoryId,
  figures: GuardFigures,
): Promise<GuardFigures> {
  const window = await countWindow(db, directory);
  const [row] = await db.query<{ active: number }>({
    text: `select count(*) as active from directory_users
      where organization = $1 and directory = $2 and deleted_at is null and active`,
    values: [db.organization, directory],
  });
  const active = row?.active ?? figures.active;
  const names = await plannedNames(db, run);
  return {
    ...figures,
    active,
    ...throughWindow(active, window),
    shutOut: await countShutOut(db, run, directory, names),
    ...(await countAdministrators(db, run, directory, names)),
  };
}

/** Its staging is gone: the plan keeps the keys of new people, and those of the others who get a name are made again. */
async function plannedNames(db: Db, run: SyncRunId): Promise<PlannedNames> {
  const named = await db.query<{ subject: string; userName: string }>({
    text: `select subject, next ->> 'userName' as "userName" from sync_plan
      where organization = $1 and run = $2 and (kind = 'user-restore'
        or (kind in ('user-update', 'user-deactivate') and next ->> 'userName' <> previous ->> 'userName'))`,
    values: [db.organization, run],
  });
  return {
    join: "left join unnest($4::uuid[], $5::text[]) k (subject, key) on k.subject = p.subject",
    key: "coalesce(p.user_name_key, k.key)",
    active: "(p.next ->> 'active')::boolean",
    values: [named.map(({ subject }) => subject), named.map(({ userName }) => userNameKey(userName))],
  };
}
