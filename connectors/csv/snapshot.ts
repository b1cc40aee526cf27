import type { Oddities } from "../oddities.ts";
import { faultAt, type Place } from "./place.ts";

/** As long as Muster keeps one. */
const LONGEST_ID = 1000;

/** What is remembered of a read: ids and their lines. */
export type Snapshot = Oddities & {
  /** Id to the line that it came on. */
  users: Map<string, number>;
  groups: Map<string, number>;
  /** People who are in the file and on no page. */
  withheld: Set<string>;
  memberships: number;
  pages: number;
};

export function emptySnapshot(): Snapshot {
  return {
    users: new Map(),
    groups: new Map(),
    withheld: new Set(),
    memberships: 0,
    pages: 0,
    oddities: [],
    oddityCount: 0,
  };
}

/**
 * The id of a row, remembered with its line.
 * @throws ConnectorError `incomplete` when there is none, it is none, or it came before: the row may be somebody who is
 * held already, so nobody could be called absent.
 */
export function remember(known: Map<string, number>, id: string | null, place: Place): string {
  if (id === null || id.trim() === "") throw faultAt(place, "there is no id", "incomplete");
  if (id !== id.trim() || /\p{Cc}/u.test(id) || Buffer.byteLength(id) > LONGEST_ID)
    throw faultAt(
      place,
      `an id is at most ${LONGEST_ID} bytes, without control characters or space around it`,
      "incomplete",
    );
  const before = known.get(id);
  if (before !== undefined) throw faultAt(place, `this id stood on line ${before} already`, "incomplete");
  known.set(id, place.line);
  return id;
}
