/** Rows of a plan are numbered so far apart (migration 0074). */
const APART = 50;

/**
 * A row of a plan is one line of it, but for the memberships of a new group: up to so many stand in one row, and their
 * numbers are those before its own. So a line has its number for good: one that is set apart gets a row of that number,
 * and leaves a null behind among the members, as does whoever is forgotten.
 */
export const MEMBERS_OF_A_ROW = APART - 1;

/** How many lines a row of `sync_plan` stands for. @param row how the statement names it. */
export const linesOf = (row: string): string => `coalesce(cardinality(array_remove(${row}.members, null)), 1)`;

/** The lines of a row, to be joined laterally: `line` of the plan, `member`, `name`. @param row how the statement names it. */
export const lines = (row: string): string => `(
  select ${row}.seq as line, ${row}.member, ${row}.name where ${row}.members is null
  union all
  select ${row}.seq - ${APART} + m.place, m.member, format('%s in %s', m.name, ${row}.name)
  from unnest(${row}.members, ${row}.member_names) with ordinality m (member, name, place) where m.member is not null)`;
