import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { loadConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import type { OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { makeLogger } from "../../src/logger.ts";
import { openContext } from "../../src/start/open-context.ts";
import { buildConsole } from "../harness/built-console.ts";
import { launchChromium } from "../harness/chromium.ts";
import { freePort } from "../harness/free-port.ts";
import { loadApiWorld } from "./api-world.ts";
import { LISTS, type ListOnScreen, SCROLLING, STEPS, type StepName } from "./console-steps.ts";
import { tidy, withPostgres } from "./database.ts";
import { musterEnvironment } from "./load-muster.ts";
import type { Options } from "./options.ts";
import { type Run, Server } from "./server.ts";
import { type Longest, longestTask, TRACED } from "./trace.ts";

/** One list: how many rows its page has, and the longest task of each round by step; what it does not offer is left out. */
export type ListFigures = { name: string; rows: number; steps: Partial<Record<StepName, Longest[]>> };

/**
 * Everything that a browser with an empty cache loads until a screen stands: bytes of the console's own files as they were sent, of each
 * round, and beside them those of the API's answers, which are as long as what they tell.
 */
export type FirstLoad = { name: string; bytes: number[]; files: number; answers: number };

export type ConsoleSummary = {
  people: number;
  lists: ListFigures[];
  loads: FirstLoad[];
  circumstances: { node: string; chromium: string; cpus: number; cpuModel: string };
};

const ADMINISTRATOR = "console@bench.example";
const PASSWORD = "a lake between two hills";
/** What follows a step by itself, such as what the mouse comes to rest on, has had its turn by then. */
const SETTLED = 400;

/** How long a browser's main thread is held while the console's lists are scrolled and used, and what it loads first. */
export async function benchConsole(options: Options, run: Run, say: (line: string) => void): Promise<ConsoleSummary> {
  say("building the console");
  buildConsole();
  const port = await freePort(18081);
  const url = `http://localhost:${port}`;
  const environment = { ...musterEnvironment(run.folder, port), MUSTER_PUBLIC_URL: url };
  const config = loadConfig(environment);
  return withPostgres(run.folder, async ({ superuser }) => {
    const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
    try {
      const world = await loadApiWorld(ctx, superuser, options.users, say);
      await letIn(ctx, world.organization);
    } finally {
      await close();
    }
    await tidy(superuser);
    await Server.start(["src/main.ts", "serve"], environment, port, run);
    const browser = await launchChromium();
    try {
      const summary: ConsoleSummary = {
        people: options.users,
        lists: LISTS.map(({ name }) => ({ name, rows: 0, steps: {} })),
        loads: [],
        circumstances: {
          node: process.version,
          chromium: browser.version(),
          cpus: cpus().length,
          cpuModel: cpus()[0]?.model ?? "unknown",
        },
      };
      for (let round = 1; round <= options.rounds; round++) {
        say(`round ${round}`);
        add(summary, await oneRound(browser, url, run, options.profile && join(options.profile, String(round))));
      }
      return summary;
    } finally {
      await browser.close();
    }
  });
}

async function letIn(ctx: Context, organization: OrganizationId): Promise<void> {
  const hash = await hashPassword(PASSWORD);
  await inTransaction(ctx, { organization, kind: "system", id: null, requestId: null }, async (tx) => {
    const { id } = await addAdministrator(tx, ADMINISTRATOR);
    await setPassword(tx, id, hash);
  });
}

type Round = {
  loads: { name: string; bytes: number; files: number; answers: number }[];
  lists: { rows: number; steps: Partial<Record<StepName, Longest>> }[];
};

/** Somebody who was never there comes, signs in, and goes through the lists. */
async function oneRound(browser: Browser, url: string, run: Run, traces: string | undefined): Promise<Round> {
  const signedIn = await browser.newContext({ baseURL: url, viewport: { width: 1360, height: 860 } });
  const loads = [await firstLoad(await signedIn.newPage(), "signing in", "/sign-in")];
  const answer = await signedIn.request.post("/api/v1/session", {
    data: { userName: ADMINISTRATOR, password: PASSWORD },
    headers: { origin: url },
  });
  if (answer.status() !== 201) throw new Error(`signing in answers ${answer.status()}: ${await answer.text()}`);
  const kept = await signedIn.storageState();
  await signedIn.close();
  // Each in a context of its own: what one loads is in no cache of another.
  for (const [name, path] of [
    ["Overview", "/overview"],
    ["Users", "/users"],
  ] as const) {
    const empty = await browser.newContext({
      baseURL: url,
      viewport: { width: 1360, height: 860 },
      storageState: kept,
    });
    loads.push(await firstLoad(await empty.newPage(), name, path));
    await empty.close();
  }
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1360, height: 860 },
    storageState: kept,
  });
  const page = await context.newPage();
  const lists: Round["lists"] = [];
  for (const list of LISTS) {
    run.signal.throwIfAborted();
    lists.push(await throughList(browser, page, list, traces && join(traces, list.name)));
  }
  await context.close();
  return { loads, lists };
}

async function firstLoad(page: Page, name: string, path: string) {
  await page.goto(path, { waitUntil: "networkidle" });
  await page.locator("h1").first().waitFor();
  await page.waitForLoadState("networkidle");
  const loaded = await page.evaluate(() => {
    const all = performance.getEntries().filter(({ entryType }) => /^(navigation|resource)$/.test(entryType));
    return all.map((entry) => ({
      isAnswer: new URL(entry.name).pathname.startsWith("/api/"),
      bytes: (entry as unknown as { encodedBodySize: number }).encodedBodySize,
    }));
  });
  const sum = (isAnswer: boolean) =>
    loaded.filter((one) => one.isAnswer === isAnswer).reduce((bytes, one) => bytes + one.bytes, 0);
  return { name, bytes: sum(false), answers: sum(true), files: loaded.filter((one) => !one.isAnswer).length };
}

async function throughList(browser: Browser, page: Page, list: ListOnScreen, traces: string | undefined) {
  const steps: Partial<Record<StepName, Longest>> = {};
  const inspector = await page.context().newCDPSession(page);
  await openList(page, list);
  const rows = await page.locator("tbody tr").count();
  for (const [name, step] of Object.entries(STEPS) as [StepName, (typeof STEPS)[StepName]][]) {
    const doIt = await step(page, list);
    if (doIt === undefined) continue;
    await settle();
    // What loading left behind is not the scrolling's: its own garbage counts.
    await inspector.send("HeapProfiler.collectGarbage");
    await browser.startTracing(page, { categories: ["-*", ...TRACED] });
    await doIt();
    await settle();
    const trace = await browser.stopTracing();
    if (traces !== undefined) {
      mkdirSync(traces, { recursive: true });
      writeFileSync(join(traces, `${name}.json`), trace);
    }
    steps[name] = longestTask(trace);
    // What scrolls comes back to where it began; after the others the list is opened anew.
    if (!SCROLLING.includes(name)) await openList(page, list);
  }
  return { rows, steps };
}

async function openList(page: Page, { path }: ListOnScreen): Promise<void> {
  await page.goto(path, { waitUntil: "networkidle" });
  await page.locator("tbody .row-link").first().waitFor();
}

const settle = () => new Promise((later) => setTimeout(later, SETTLED));

function add(summary: ConsoleSummary, { lists, loads }: Round): void {
  for (const [place, { rows, steps }] of lists.entries()) {
    const figures = summary.lists[place];
    if (figures === undefined) continue;
    figures.rows = rows;
    for (const [name, longest] of Object.entries(steps) as [StepName, Longest][]) {
      figures.steps[name] ??= [];
      figures.steps[name].push(longest);
    }
  }
  for (const { name, bytes, ...others } of loads) {
    const before = summary.loads.find((load) => load.name === name);
    if (before) before.bytes.push(bytes);
    else summary.loads.push({ name, bytes: [bytes], ...others });
  }
}
