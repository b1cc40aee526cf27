import { ConnectorError } from "../connector.ts";
import type { Ask, GoogleSession } from "./session.ts";
import { isKnown, type Known, type Snapshot } from "./snapshot.ts";

/** One page of a list as Google gives it. */
type ListPage<Item> = { next: string | null; items: Item[] };

export type List<Item> = {
  /** For messages: `people`, `members of eng@example.com`. */
  of: string;
  page(at: { pageToken?: string; maxResults: number }): Pick<Ask<ListPage<Item>>, "request" | "shape" | "unless">;
  pageSize: number;
};

/** Google may give an empty page before a full one, but not for ever. */
const MAX_EMPTY_PAGES = 100;
const MAX_PAGES = 100_000;

/**
 * Follows every page token to the end.
 * @throws ConnectorError `incomplete` when a token comes twice or the pages do not end.
 */
export async function* eachPage<Item>(
  session: GoogleSession,
  snapshot: Snapshot,
  list: List<Item>,
  size = list.pageSize,
): AsyncGenerator<Item[], void, void> {
  const tokens = new Set<string>();
  let token: string | undefined;
  let empty = 0;
  for (let number = 1; number <= MAX_PAGES; number++) {
    const doing = `listing ${list.of}, page ${number}`;
    const { next, items } = await session.call({
      doing,
      ...list.page({ ...(token === undefined ? {} : { pageToken: token }), maxResults: size }),
    });
    snapshot.pages += 1;
    empty = items.length === 0 ? empty + 1 : 0;
    if (items.length > 0) yield items;
    if (next === null) return;
    if (tokens.has(next))
      throw new ConnectorError("incomplete", `Google gave a page token twice, so pages repeat (${doing})`);
    if (empty > MAX_EMPTY_PAGES)
      throw new ConnectorError("incomplete", `pages bring nothing and do not end (${doing})`);
    tokens.add(next);
    token = next;
  }
  throw new ConnectorError("limit", `more than ${MAX_PAGES} pages (listing ${list.of})`);
}

/**
 * A whole list, by key. Google does not sort every list, so that a page that lost its token would look like the last one.
 * A list that ends where that could be, on a full page or with fewer items than `expected`, is read again with pages of
 * another size; both must hold the same.
 * @param cap name and value of the setting that bounds the list.
 * @throws ConnectorError `incomplete` when a key comes twice or the two readings differ, `limit` beyond the cap.
 */
export async function wholeList<Item>(
  session: GoogleSession,
  snapshot: Snapshot,
  list: List<Item>,
  key: (item: Item) => string,
  cap: { setting: string; most: number },
  expected = 0,
): Promise<Map<string, Item>> {
  const read = async (size: number): Promise<{ items: Map<string, Item>; last: number }> => {
    const items = new Map<string, Item>();
    let last = 0;
    for await (const page of eachPage(session, snapshot, list, size)) {
      last = page.length;
      for (const item of page) {
        if (items.has(key(item))) throw twice(key(item), `listing ${list.of}`);
        items.set(key(item), item);
      }
      if (items.size > cap.most) throw capped(cap.setting, cap.most, `listing ${list.of}`);
    }
    return { items, last };
  };
  const first = await read(list.pageSize);
  if (first.last < list.pageSize && first.items.size >= expected) return first.items;
  const { items } = await read(list.pageSize === 1 ? 2 : list.pageSize - 1);
  if (items.size !== first.items.size || [...items.keys()].some((found) => !first.items.has(found)))
    throw new ConnectorError(
      "incomplete",
      `the list changed or lost a page while it was read: ${first.items.size} and then ${items.size} (listing ${list.of})`,
    );
  return items;
}

/**
 * Whether a list that Google sorts was seen whole: read from the other side, it must hold nobody who is not known already.
 * Who was renamed, or slipped from one page into another because somebody went, is missed by one direction and met by
 * the other. Of a list that came by one call only its end is in doubt.
 * @param backwards the same list in descending order.
 * @param calls how many calls it took to read it in ascending order.
 * @param isNew whether an entry has come since the read began: the next read has it.
 */
export async function otherWay<Item extends { id: string }>(
  session: GoogleSession,
  snapshot: Snapshot,
  backwards: List<Item>,
  known: Known,
  calls: number,
  isNew: (item: Item) => boolean = () => false,
): Promise<void> {
  const isOnePage = calls === 1;
  const list = { ...backwards, of: `${backwards.of} from the last one` };
  let isMet = false;
  for await (const page of eachPage(session, snapshot, list, isOnePage ? 1 : list.pageSize)) {
    for (const item of page)
      if (isKnown(known, item.id)) isMet = true;
      else if (!isNew(item)) throw changed(`one of all ${backwards.of} (${item.id})`, "added, renamed or removed");
    if (isOnePage && isMet) return;
  }
  if (!isMet && known.given.size + known.others.size > 0)
    throw changed(`the last of all ${backwards.of} (nobody)`, "added, renamed or removed");
}

export function changed(what: string, how: string): ConnectorError {
  return new ConnectorError(
    "incomplete",
    `${what} was ${how} while the directory was read, or its lists are not whole; the next run reads it`,
  );
}

export function twice(id: string, doing: string): ConnectorError {
  return new ConnectorError("incomplete", `Google gave ${id} twice; the read cannot be trusted (${doing})`);
}

export function capped(setting: string, most: number, doing: string): ConnectorError {
  return new ConnectorError(
    "limit",
    `there is more than ${setting} allows (${most}), so nothing can be said about who is missing; raise it (${doing})`,
  );
}
