/** The ids of a page, the second parameter of a statement; hidden from the plan, so that one of few costs no plan of its own. */
export const OF_PAGE = "any (array(select unnest($2::uuid[])))";

/** A row that goes away between the two steps makes them be taken again, so many times at most. */
const TRIES = 3;

/**
 * A page in two steps: a narrow statement finds which rows it has, planned for its values, and one that is planned once for all looks
 * up what belongs to them. Together they would be planned for each page anew, and many tables take longer to plan than to read.
 * @param find which rows, in order. @param show the rows of these ids, in the same order.
 */
export async function inTwoSteps<Id, Row>(
  find: () => Promise<{ id: Id }[]>,
  show: (ids: readonly Id[]) => Promise<Row[]>,
): Promise<Row[]> {
  for (let tries = 1; ; tries++) {
    const found = await find();
    const rows = found.length === 0 ? [] : await show(found.map(({ id }) => id));
    // One that is missing must not make the page look like the last.
    if (rows.length === found.length || tries === TRIES) return rows;
  }
}
