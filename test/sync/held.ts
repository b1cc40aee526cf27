import type { DirectoryId } from "../../src/db/id.ts";
import type { World } from "./world.ts";

type Person = { name: string; active: boolean; mail: string | null };
/** People by the directory's unchanging id; `group/member` of people and nested groups, by those ids too. */
export type Held = { people: Record<string, Person>; members: string[] };

/** What Muster holds of a directory, in the directory's own ids. */
export async function heldOf(world: World, directory: DirectoryId): Promise<Held> {
  const values = [world.actor.organization, directory];
  const people = await world.query<Person & { id: string }>({
    text: `select immutable_id as id, user_name as name, active, email as mail from directory_users
      where organization = $1 and directory = $2 and deleted_at is null order by immutable_id`,
    values,
  });
  const members = await world.query<{ line: string }>({
    text: `select g.immutable_id || '/' || u.immutable_id as line from remote_memberships m
        join directory_groups g on g.organization = $1 and g.id = m.group_id and g.deleted_at is null
        join directory_users u on u.organization = $1 and u.id = m.directory_user and u.deleted_at is null
        where m.organization = $1 and g.directory = $2
      union all
      select p.immutable_id || '/' || c.immutable_id from group_nestings n
        join directory_groups p on p.organization = $1 and p.id = n.parent and p.deleted_at is null
        join directory_groups c on c.organization = $1 and c.id = n.child and c.deleted_at is null
        where n.organization = $1 and p.directory = $2
      order by 1`,
    values,
  });
  return {
    people: Object.fromEntries(people.map(({ id, ...entry }) => [id, entry])),
    members: members.map((row) => row.line).sort(),
  };
}

const TABLES = [
  "accounts",
  "directory_users",
  "groups",
  "directory_groups",
  "remote_memberships",
  "local_memberships",
  "group_nestings",
  "role_grants",
  "rights",
  "access",
  "mails",
];

/** A hash of every byte of every row that a sync may write, but for the trail of audit and events; equal when nothing was changed. */
export async function hashOf(world: World): Promise<string> {
  const [row] = await world.query<{ hash: string }>({
    text: `select md5(string_agg(part, E'\\n')) as hash from (${TABLES.map(
      (table) =>
        `select '${table}' || coalesce(string_agg(t.xmin::text || t::text, E'\\n' order by t::text), '') as part from ${table} t`,
    ).join(" union all ")}) parts`,
  });
  return row?.hash ?? "";
}
