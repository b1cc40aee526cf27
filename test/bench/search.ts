import type { Client } from "./client.ts";
import type { Player } from "./compare.ts";
import { inDatabase } from "./database.ts";
import type { SearchName } from "./goals.ts";
import type { MusterSide } from "./load-muster.ts";
import { type Match, requestsOf, type Sizing } from "./operations.ts";
import { externalIdOf, filterOf, list, numberOf, random, userNameOf } from "./traffic.ts";

/** Resources on the page of a search that finds many: a filter of so many user names is within the server's limits. */
const MANY = 50;
/** Changes that may have happened in the same millisecond. */
const TIES = 16;
/** People whose numbers differ in the last digit only. */
const TEN = 10;

/**
 * Each search beside a filter `userName eq … or userName eq …` that finds as many people, spread over the directory as
 * they are. A search that this server does not offer is missing.
 */
export async function searchMatches(
  muster: MusterSide,
  superuser: string,
  sizing: Sizing,
): Promise<Partial<Record<SearchName, Match>>> {
  const { client, users } = muster;
  const random10 = (place: number) => (random(place) % Math.floor(users.length / TEN)) * TEN;
  const changed = await momentBefore(superuser, MANY);
  const cursors = await cursorsDeepInside(client, users.length);
  const apart = (rows: number) => Math.floor(users.length / rows);
  const find = (rows: number, parameters: (place: number) => Record<string, string | number>): Player => ({
    ...{ client, status: 200, rows },
    call: (place) => list(parameters(place)),
  });
  const keyed = (rows: number) =>
    find(rows, (place) => ({
      filter: filterOf(
        "userName",
        Array.from({ length: rows }, (_, row) => userNameOf((random(place) + row * apart(rows)) % users.length)),
      ),
      count: rows,
    }));
  const beside = (one: Player): Match => ({
    one,
    other: keyed(one.rows ?? 1),
    requests: requestsOf("search", { ...sizing, requests: one.rows === MANY ? sizing.requests : sizing.requests * 3 }),
  });
  const one = (filter: (place: number) => string) =>
    beside(find(1, (place) => ({ filter: filter(random(place) % users.length) })));
  return {
    externalId: one((place) => filterOf("externalId", [externalIdOf(place)])),
    workEmail: one((place) => `emails[type eq "work"].value eq "${userNameOf(place)}"`),
    displayName: beside(
      find(TEN, (place) => ({ filter: `displayName sw "Given${numberOf(random10(place)).slice(0, -1)}"` })),
    ),
    lastModified: beside(find(MANY, () => ({ filter: `meta.lastModified gt "${changed}"`, count: MANY }))),
    sortedPage: beside(
      find(MANY, (place) => ({
        sortBy: "userName",
        startIndex: 1 + (random(place) % (users.length - MANY)),
        count: MANY,
      })),
    ),
    ...(cursors.length > 0 && {
      cursorPage: beside(
        find(MANY, (place) => ({ cursor: cursors[random(place) % cursors.length] as string, count: MANY })),
      ),
    }),
  };
}

/** A moment after which at least so many of the directory's people were changed, and hardly more. */
async function momentBefore(superuser: string, count: number): Promise<string> {
  return inDatabase(superuser, async (client) => {
    const { rows } = await client.query<{ updated: Date }>(
      `select date_trunc('milliseconds', updated_at) as updated from muster.directory_users
        order by updated_at desc offset $1 limit 1`,
      [count + TIES],
    );
    return rows[0]?.updated.toISOString() ?? "";
  });
}

/** The cursors of the second half of the pages (RFC 9865), found by walking there; none where there are no cursors. */
async function cursorsDeepInside(client: Client, users: number): Promise<string[]> {
  const cursors: string[] = [];
  const pages = Math.floor(users / MANY);
  let cursor: string | undefined = "";
  for (let page = 0; page < pages && cursor !== undefined; page++) {
    const answer = await client.send(list({ cursor, count: MANY }));
    const { nextCursor } = answer.status === 200 ? (JSON.parse(answer.text) as { nextCursor?: string }) : {};
    // The last page may be shorter than the others.
    if (page >= pages / 2 && page < pages - 2 && nextCursor !== undefined) cursors.push(nextCursor);
    cursor = nextCursor;
  }
  return cursors;
}
