/**
 * Safari's engine: WebKitGTK's browser on a screen of its own, driven by W3C WebDriver (https://www.w3.org/TR/webdriver2/).
 * Two processes of Debian's packages, both on this machine alone; nothing is left once closed.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, listens } from "./directory-server.ts";
import { freePort } from "./free-port.ts";
import { type Talking, talk, until } from "./process.ts";

const [XVFB, DRIVER, SETPRIV] = ["/usr/bin/Xvfb", "/usr/bin/WebKitWebDriver", "/usr/bin/setpriv"];
const PACKAGES = "webkit2gtk-driver xvfb";
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** As Playwright waits: for what happens on the page, on a machine that may be busy. */
const PATIENCE = 30;

/** Keeps what goes wrong in a document from the moment that it is called in it. */
const WATCH = `
  if (window.faults === undefined) {
    window.faults = [];
    addEventListener("error", (event) => window.faults.push("error: " + (event.message ?? event.target.outerHTML)), true);
    addEventListener("unhandledrejection", (event) => window.faults.push("rejection: " + event.reason));
    addEventListener("securitypolicyviolation", (event) => window.faults.push("policy: " + event.violatedDirective));
    const log = console.error;
    console.error = (...words) => { window.faults.push(words.join(" ")); log(...words); };
  }
  return location.href;`;

/** WebDriver's words for a page that was coming or drawing itself while it was asked. */
const NOT_YET =
  /"(stale element reference|element click intercepted|element not interactable|no such window|javascript error)"/;

function patiently(what: string, ask: () => Promise<boolean>): Promise<void> {
  return until(what, PATIENCE, () =>
    ask().catch((error) => {
      if (error instanceof Error && NOT_YET.test(error.message)) return false;
      throw error;
    }),
  );
}

/** @throws Error in one line naming the packages when they are missing, or with WebDriver's words when it refuses. */
export async function startWebKit() {
  for (const program of [XVFB, DRIVER])
    if (!existsSync(program)) throw new Error(`${program} is missing; install it with: apt-get install -y ${PACKAGES}`);
  const home = await mkdtemp(join(tmpdir(), "muster-webkit-"));
  const started: Talking[] = [];
  /** Ends with this process, however that ends; the browser ends with its screen. */
  const run = (command: readonly string[], env: NodeJS.ProcessEnv): Talking => {
    const whole = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
    const running = talk(whole[0] ?? "", whole.slice(1), { env });
    started.unshift(running);
    return running;
  };
  const stop = async () => {
    for (const { child } of started) await end(child, "SIGTERM");
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };

  try {
    const environment = {
      PATH: process.env.PATH,
      HOME: home,
      XDG_RUNTIME_DIR: home,
      LANG: "C.UTF-8",
      NO_AT_BRIDGE: "1",
    };
    const screen = run([XVFB, "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1360x860x24"], environment);
    const display = await screen.line(/^\d+$/);
    const port = await freePort();
    const driver = run([DRIVER, `--port=${port}`], { ...environment, DISPLAY: `:${display}` });
    await listens(driver.child, "127.0.0.1", port, async () => driver.err());

    const ask = async (method: string, path: string, body?: object) => {
      const answer = await fetch(`http://127.0.0.1:${port}/session${path}`, { method, body: JSON.stringify(body) });
      const { value } = (await answer.json()) as { value: never };
      if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
      return value as unknown;
    };
    // "none": whoever waits for the whole page comes too late to see what went wrong in it.
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true, pageLoadStrategy: "none" } };
    const { sessionId } = (await ask("POST", "", { capabilities })) as { sessionId: string };
    const inSession = (method: string, path: string, body?: object) => ask(method, `/${sessionId}${path}`, body);
    const evaluate = (script: string) => inSession("POST", "/execute/sync", { script, args: [] });

    /** Waits until what the XPath finds is there and to be seen, and does this to it once. */
    const find = (xpath: string, act?: "click" | "value", body: object = {}) =>
      patiently(`${act ?? "seeing"} ${xpath}`, async () => {
        const found = await inSession("POST", "/elements", { using: "xpath", value: xpath });
        const [element] = found as { [ELEMENT]: string }[];
        if (element === undefined) return false;
        const path = `/element/${element[ELEMENT]}`;
        if ((await inSession("GET", `${path}/displayed`)) !== true) return false;
        if (act) await inSession("POST", `${path}/${act}`, body);
        return true;
      });
    return {
      find: (xpath: string) => find(xpath),
      evaluate,
      open: async (url: string) => {
        await inSession("POST", "/url", { url });
        await patiently(`${url} is open`, async () => (await evaluate(WATCH)) === url);
      },
      click: (xpath: string) => find(xpath, "click"),
      /** Types key after key. */
      type: (xpath: string, text: string) => find(xpath, "value", { text }),
      /** The faults of the document that was opened; null when another has taken its place. */
      faults: async () => (await evaluate("return window.faults ?? null")) as string[] | null,
      screenshot: async () => Buffer.from((await inSession("GET", "/screenshot")) as string, "base64"),
      close: async () => {
        try {
          await inSession("DELETE", "");
        } finally {
          await stop();
        }
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
