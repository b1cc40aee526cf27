/**
 * A row of a plan is one line of it, but for the memberships of a new group: up to so many stand in one row, numbered
 * from its `seq` on (migration 0074). Rows are numbered so far apart.
 */
export const MEMBERS_OF_A_ROW = 50;

/** How many lines a row of `sync_plan` stands for. @param row how the statement names it. */
export const linesOf = (row: string): string => `coalesce(cardinality(${row}.members), 1)`;

/** The lines of a row, to be joined laterally: `line` of the plan, `member`, `name`. @param row how the statement names it. */
export const lines = (row: string): string => `(
  select ${row}.seq as line, ${row}.member, ${row}.name where ${row}.members is null
  union all
  select ${row}.seq + m.place - 1, m.member, format('%s in %s', m.name, ${row}.name)
  from unnest(${row}.members, ${row}.member_names) with ordinality m (member, name, place))`;
