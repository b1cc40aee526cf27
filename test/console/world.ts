import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { BrowserContext, Locator, Page, Request } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import { makeApp } from "../../src/http/app.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { doors } from "../../src/start/doors.ts";
import { makeCompany, serveApi } from "../admin/world.ts";
import { launchChromium } from "../harness/chromium.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { whole } from "../harness/scale.ts";

export const PASSWORD = "a lake between two hills";
export const ADMINISTRATOR = "olga@acme.example";

/** Looks beside the plain one, in turns (`inTurn`). */
export const OTHER_LOOKS = [
  { turn: 0, look: { scheme: "dark" as const } },
  { turn: 1, look: { phone: true } },
  { turn: 2, look: { language: "de-DE" } },
];

const AXE = readFileSync(join(import.meta.dirname, "..", "..", "node_modules", "axe-core", "axe.min.js"), "utf8");

/** A Muster with every noun in it and its console built from these sources; by TLS when given a certificate. */
export async function consoleServer(tls?: { certificate: string; key: string }) {
  const ctx = await testContext({});
  Object.assign(ctx.config.limits.api, { perSecond: 1_000_000, burst: 1_000_000 });
  // As Muster's own: a connection that rests between two tests is not closed while the browser uses it again.
  const resting = { keepAliveTimeout: 65_000 };
  const server = tls ? createSecureServer({ cert: tls.certificate, key: tls.key, ...resting }) : createServer(resting);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `${tls ? "https" : "http"}://localhost:${(server.address() as AddressInfo).port}`;
  ctx.config.publicUrl = url;
  server.on("request", makeApp(ctx, doors, { draining: false }));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const api = await serveApi(ctx);
  const company = await makeCompany(api, "acme");
  const hash = await hashPassword(PASSWORD);
  await api.write(company.organization, async (tx) => {
    const { id } = await addAdministrator(tx, ADMINISTRATOR);
    await setPassword(tx, id, hash);
  });
  return { ...api, ctx, url, company };
}

/** The same with browsers that come to it. */
export async function consoleWorld() {
  const server = await consoleServer();
  const { url } = server;
  const browser = await launchChromium();
  afterAll(() => browser.close());

  type Visit = { context: BrowserContext; page: Page; faults: string[] };
  type Look = { scheme?: "light" | "dark"; phone?: boolean; language?: string };

  /** A new browser, not signed in. What the console logs as an error, and what the content policy stops, stands in `faults`. */
  async function visitor({ scheme = "light", phone = false, language = "en-GB" }: Look = {}) {
    const context = await browser.newContext({
      baseURL: url,
      colorScheme: scheme,
      locale: language,
      reducedMotion: "reduce",
      viewport: phone ? { width: 390, height: 844 } : { width: 1360, height: 860 },
    });
    await context.addInitScript(COUNT_TIMERS);
    const page = await context.newPage();
    const visit: Visit = { context, page, faults: [] };
    page.on("pageerror", (error) => visit.faults.push(`error: ${error.message}`));
    page.on("console", (message) => {
      // A refusal is an answer of the API that the page shows; the browser logs each as an error.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        visit.faults.push(message.text());
    });
    page.on("dialog", (dialog) => {
      visit.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    return visit;
  }

  /** Browsers that tests have done with, by their look. */
  const left = new Map<string, Visit[]>();

  /** A browser as new: where loops do not run whole, one that a test before has left. A new one is half of what a test costs. */
  async function emptied(look: Look): Promise<Visit> {
    const key = JSON.stringify(look);
    const visits = left.get(key) ?? [];
    let kept = visits.shift();
    while (kept?.page.isClosed()) kept = visits.shift();
    if (kept) {
      await kept.context.clearCookies();
      await kept.page.goto("/console/mark.svg");
      await kept.page.evaluate("localStorage.clear(), sessionStorage.clear()");
      await kept.page.mouse.move(0, 0);
      kept.faults = [];
    }
    const visit = kept ?? (await visitor(look));
    onTestFinished(({ task }) => {
      if (!whole && task.result?.state === "pass") left.set(key, [...(left.get(key) ?? []), visit]);
    });
    return visit;
  }

  /** The same, signed in as an administrator of the organization. */
  async function administrator(look: Look = {}) {
    const visit = await emptied(look);
    const answer = await visit.context.request.post(`${url}/api/v1/session`, {
      data: { userName: ADMINISTRATOR, password: PASSWORD },
      headers: { origin: url },
    });
    expect(answer.status()).toBe(201);
    return visit;
  }

  /** The same as somebody who has this right alone. */
  async function limited(bundle: string, look: Look = {}) {
    const { token, organization } = server.company;
    const email = `${bundle}-${randomUUID().slice(0, 8)}@acme.example`;
    const { body } = await server.ask("POST", "/users", { token, body: { email } });
    const hash = await hashPassword(PASSWORD);
    await server.write(organization, (tx) => setPassword(tx, body.id, hash));
    const right = { user: body.id, bundle, scope: { kind: "organization" } };
    expect((await server.ask("POST", "/rights", { token, body: right })).status).toBe(201);
    const visit = await visitor(look);
    const answer = await visit.context.request.post(`${url}/api/v1/session`, {
      data: { userName: email, password: PASSWORD },
      headers: { origin: url },
    });
    expect(answer.status()).toBe(201);
    return visit;
  }

  return { ...server, visitor, administrator, limited };
}

/** That the button is there, cannot be pressed, and says why to whoever comes to it by keyboard. */
export async function refusedTo(page: Page, button: Locator, permission: string): Promise<void> {
  await expect.poll(() => button.getAttribute("aria-disabled")).toBe("true");
  await button.focus();
  await page.getByText(`Not possible: it needs the permission ${permission}`).first().waitFor();
  await page.keyboard.press("Tab");
}

/** What axe-core finds wrong by WCAG 2.2 A and AA, in a line each. */
export async function violations(page: Page): Promise<string[]> {
  // From the protocol, not from the page: the content policy allows no such script.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe, document } = globalThis as unknown as {
      document: unknown;
      axe: {
        run(
          context: unknown,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const found = await axe.run(document, {
      // Of what is right, the number alone.
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

/** What each page has asked for and not yet been answered, and how often it has asked. */
const asking = new WeakMap<Page, { open: Set<Request>; asked: number }>();

function askingOf(page: Page) {
  const known = asking.get(page);
  if (known !== undefined) return known;
  const found = { open: new Set<Request>(), asked: 0 };
  const answered = (request: Request) => void found.open.delete(request);
  page.on("request", (request) => {
    found.open.add(request);
    found.asked += 1;
  });
  page.on("requestfinished", answered).on("requestfailed", answered);
  asking.set(page, found);
  return found;
}

/** `path` once everything that it asked for is there. */
export async function open(page: Page, path: string): Promise<void> {
  askingOf(page).open.clear();
  await page.goto(path);
  await settled(page);
}

/**
 * Once everything that an opened page has asked for is there and drawn. It is sooner than "networkidle", which is half
 * a second without a request, and no less sure: what a page will ask for once it has been answered, it asks within
 * the frames that are looked at, and what it puts off for up to half a second is a timer that is waited for.
 */
export async function settled(page: Page): Promise<void> {
  const requests = askingOf(page);
  await until("the page has all that it asked for", 60, async () => {
    if (requests.open.size > 0) return false;
    const { asked } = requests;
    const drawn = await page.evaluate(DRAWN).catch((error: Error) => {
      // It went on to another document meanwhile, which is waited for in turn.
      if (!/navigation|destroyed/.test(error.message)) throw error;
    });
    return drawn === true && requests.asked === asked;
  });
}

/** Keeps the timers that a page has set for the next half second. */
const COUNT_TIMERS = `(() => {
  const { setTimeout, clearTimeout } = globalThis;
  const soon = new Set();
  globalThis.__soon = soon;
  globalThis.setTimeout = (act, after, ...given) => {
    const timer = setTimeout(() => {
      soon.delete(timer);
      act(...given);
    }, after);
    if (!(after > 500)) soon.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    soon.delete(timer);
    clearTimeout(timer);
  };
})()`;

/** Whether six frames in a row, a tenth of a second at least, show a screen that nothing in the page is still changing. */
const DRAWN = `new Promise((drawn) => {
  const moves = ({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime !== Infinity;
  const still = () =>
    document.querySelector("h1") &&
    !document.querySelector(".mantine-Loader-root, .mantine-Skeleton-root") &&
    globalThis.__soon.size === 0 &&
    !document.getAnimations().some(moves);
  let [frames, looks] = [0, 0];
  const look = () => {
    frames = still() ? frames + 1 : 0;
    looks += 1;
    if (frames === 6 || looks === 300) drawn(frames === 6);
    else requestAnimationFrame(look);
  };
  look();
})`;
