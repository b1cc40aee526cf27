import type { TestStep } from "../connector.ts";
import { SAMPLES } from "../test-steps.ts";
import { capped, eachPage, type List } from "./pages.ts";
import type { GoogleSession } from "./session.ts";
import { isKnown, type Known, type Snapshot } from "./snapshot.ts";

/** 10,000 people and 4,000 groups; of a larger customer a test only says that there are more. */
const MOST_PAGES = 20;

type Sample = TestStep["samples"][number];

/** What a test has read of a list so far, and reads on where it stopped. */
export type Listed<Item> = {
  /** Reads until it has enough, or the list or what a test looks at ends. @throws ConnectorError */
  readUntil(isEnough: () => boolean): Promise<void>;
  samples: readonly Sample[];
  /** What the samples were made of. */
  kept: readonly Item[];
  /** How many would be taken. */
  wanted: number;
  /** How many there are, in words. */
  amount(): string;
  isWhole(): boolean;
  pages(): number;
  /** How many calls it takes to read what is in those that would be taken. */
  calls(): number;
};

export function listed<Item extends { id: string }>(
  session: GoogleSession,
  snapshot: Snapshot,
  what: {
    list: List<Item>;
    known: Known;
    cap: { setting: string; most: number };
    /** What a sync would take, or null when it would leave it out. */
    look(item: Item): Sample | null;
    callsFor?(item: Item): number;
  },
): Listed<Item> {
  const pages = eachPage(session, snapshot, what.list);
  const [samples, kept]: [Sample[], Item[]] = [[], []];
  let [seen, read, calls, isWhole] = [0, 0, 0, false];
  const take = (item: Item): void => {
    // A read refuses what comes twice; here it must only not be counted twice.
    if (isKnown(what.known, item.id)) return;
    seen += 1;
    if (seen > what.cap.most) throw capped(what.cap.setting, what.cap.most, `listing ${what.list.of}`);
    const sample = what.look(item);
    what.known[sample === null ? "others" : "given"].add(item.id);
    if (sample === null) return;
    result.wanted += 1;
    calls += what.callsFor?.(item) ?? 0;
    if (samples.length >= SAMPLES) return;
    samples.push({ id: sample.id, name: sample.name, location: sample.location });
    kept.push(item);
  };
  const result: Listed<Item> = {
    async readUntil(isEnough) {
      while (!isWhole && read < MOST_PAGES && !isEnough()) {
        const next = await pages.next();
        if (next.done) isWhole = true;
        else {
          read += 1;
          for (const item of next.value) take(item);
        }
      }
    },
    samples,
    kept,
    wanted: 0,
    amount: () => (isWhole ? String(seen) : `more than ${seen}`),
    isWhole: () => isWhole,
    pages: () => read,
    calls: () => calls,
  };
  return result;
}
