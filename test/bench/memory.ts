import type { Client } from "./client.ts";
import type { Memory } from "./inside.ts";
import type { Server } from "./server.ts";
import { getGroup, list } from "./traffic.ts";

/** Megabytes of one process after each step of its work: held by it, resident, and resident at most so far. */
export type MemoryStep = { after: string; held: number; rss: number; peak: number };

const PAGE = 1_000;
const TIMES = 10;

/** What a fresh Muster takes when everything is read, and a large group several times. */
export async function measureMemory(
  server: Server,
  client: Client,
  sizes: { users: number; large: { id: string; members: number } },
): Promise<MemoryStep[]> {
  const steps: MemoryStep[] = [];
  const step = async (after: string, work: () => Promise<unknown>) => {
    await work();
    steps.push({ after, ...megabytes(await server.memory()) });
  };
  const all = () => readPages(client, Math.ceil(sizes.users / PAGE));
  const group = () => client.demand(getGroup(sizes.large.id), 200);
  await step("the start", async () => {});
  await step(`everybody, ${PAGE.toLocaleString("en")} on a page`, all);
  await step("everybody once more", all);
  await step("everybody a third time", all);
  await step(`a GET of a group of ${sizes.large.members.toLocaleString("en")}`, group);
  await step(`${TIMES} more of these`, () => repeat(TIMES, group));
  await step(`${TIMES} more again`, () => repeat(TIMES, group));
  return steps;
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time++) await work();
}

async function readPages(client: Client, pages: number): Promise<void> {
  for (let page = 0; page < pages; page++) await client.demand(list({ startIndex: 1 + page * PAGE, count: PAGE }), 200);
}

function megabytes({ held, rss, peak }: Memory): Memory {
  const rounded = (bytes: number) => Math.round(bytes / 1024 / 1024);
  return { held: rounded(held), rss: rounded(rss), peak: rounded(peak) };
}
