import { ConnectorError, type TestStep } from "../../connectors/connector.ts";
import { type ConnectorKind, isConnectorKind, makeConnector, testSteps } from "../../connectors/index.ts";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { type Directory, readSettingsAndSecret } from "../identity/directories.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { storable } from "./map.ts";

/** How a directory would be read, stored or not: settings as the kind's schema has them, the secret in the clear. */
export type Tried = { kind: ConnectorKind; settings: unknown; secret: string | null };

type Steps = AsyncGenerator<TestStep, void, void>;

/** Less than a request, and what stands in front of the server, may take. */
const MOST_SECONDS = 45;
/** As much as a step tells; the rest is cut off. */
const LONGEST_TEXT = 2_000;
const MOST_SAMPLES = 5;

/**
 * How a pulled directory is read as it stands now, whatever was known of it before.
 * @throws MusterError `invalid` (a directory that is not pulled), `not-found`, `configuration` (its secret was sealed with another key).
 */
export async function triedOf(ctx: Context, db: Db, directory: Directory): Promise<Tried> {
  const { id, kind, name } = directory;
  if (!isConnectorKind(kind))
    throw new MusterError("invalid", `the directory ${name} is of kind ${kind}, which is not pulled from`, {
      at: "directory",
    });
  const held = await readSettingsAndSecret(db, () => loadSecretKey(ctx.config), id);
  if (!held) throw new MusterError("not-found", `there is no directory ${name}`, { at: "directory" });
  return { kind, ...held };
}

/**
 * Tries settings on what they name, and tells each step as it is reached: those of the kind, in their order, each once.
 * Before: no transaction is open, because this waits for a network. After: nothing is kept and nothing was written.
 * Ends within `seconds`; what is under way by then has failed.
 * @param asking false: only the settings themselves are looked at, and nothing is connected.
 */
export async function* testSettings(
  ctx: Context,
  tried: Tried,
  { seconds = MOST_SECONDS, asking = true }: { seconds?: number; asking?: boolean } = {},
): Steps {
  const left = [...testSteps(tried.kind)];
  const fail = (detail: string, hint: string | null): TestStep => ({
    ...{ name: left[0] ?? "settings", verdict: "failed", detail, hint, samples: [] },
  });
  const ending = new AbortController();
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), seconds * 1000);
  const trying = stepsOf(ctx, tried, ending.signal, asking);
  try {
    for (let isOver = false; !isOver && left.length > 0; ) {
      const next = await Promise.race([nextOf(ctx, trying, fail), late.promise]);
      const step =
        next === "late" ? fail(`it was not over after ${seconds} seconds`, "see whether the server answers") : next;
      if (step === null) break;
      isOver = next === "late" || !left.includes(step.name);
      left.splice(0, left.indexOf(step.name) + 1);
      yield shown(step);
    }
    for (const name of left)
      yield { name, verdict: "skipped", detail: asking ? "it was not reached" : "not tried", hint: null, samples: [] };
  } finally {
    clearTimeout(timer);
    ending.abort();
    trying.return().catch(() => {});
  }
}

async function* stepsOf(ctx: Context, { kind, settings, secret }: Tried, signal: AbortSignal, asking: boolean): Steps {
  const connector = await makeConnector(kind, settings, secret, { filesFolder: ctx.config.filesDirectory });
  if (asking) yield* connector.test(signal);
  else yield { name: "settings", verdict: "passed", detail: "the settings are complete", hint: null, samples: [] };
}

/** The next step, or null after the last; what is thrown is a step that failed. */
async function nextOf(
  ctx: Context,
  trying: Steps,
  fail: (detail: string, hint: string | null) => TestStep,
): Promise<TestStep | null> {
  try {
    const next = await trying.next();
    return next.done ? null : next.value;
  } catch (error) {
    if (error instanceof ConnectorError) return fail(error.detail, error.hint);
    // Its own words could hold anything.
    const name = error instanceof Error ? error.name : typeof error;
    ctx.logger.error("a connector's test broke off", { error: name });
    return fail("the test broke off; this is a fault of Muster", "see the log");
  }
}

/** What came over the network is made harmless and short. */
function shown({ name, verdict, detail, hint, samples }: TestStep): TestStep {
  const plain = (text: string): string => storable(text.slice(0, LONGEST_TEXT));
  return {
    name,
    verdict,
    detail: plain(detail),
    hint: hint === null ? null : plain(hint),
    samples: samples
      .slice(0, MOST_SAMPLES)
      .map((sample) => ({ id: plain(sample.id), name: plain(sample.name), location: plain(sample.location) })),
  };
}
