import type { Oddity } from "./connector.ts";

/** As many as a proof tells of (connectors/connector.ts). */
const MOST = 1_000;

/** What a read has met so far: the first of them, and how many there are. */
export type Oddities = { oddities: Oddity[]; oddityCount: number };

/** Where there is no room any more, those with an id take the places of others: whom they name nobody may take for gone. */
export function note(met: Oddities, oddity: Oddity): void {
  met.oddityCount += 1;
  if (met.oddities.length < MOST) met.oddities.push(oddity);
  else if (oddity.id !== undefined) {
    const other = met.oddities.findLastIndex((one) => one.id === undefined);
    if (other >= 0) met.oddities[other] = oddity;
  }
}
