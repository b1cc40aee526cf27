import { ConnectorError, type ConnectorErrorCode, type TestStep } from "./connector.ts";

type StepName = TestStep["name"];

/** What a step that did not fail tells. */
export type Seen = { detail: string } & Partial<Pick<TestStep, "hint" | "samples">> & {
    verdict?: Exclude<TestStep["verdict"], "failed">;
  };

/** One step of a connector's `test`: what it is called, which steps before it must not have failed, and what it does. */
export type Trial = { name: StepName; needs?: readonly StepName[]; attempt(): Seen | Promise<Seen> };

/** As many as a step shows. */
export const SAMPLES = 5;

/**
 * Tries one after the other and tells each verdict as it is reached. A step whose attempt throws has failed; those that
 * need it, or need one that needs it, are skipped.
 * @param hints what to do about an error that does not say so itself.
 * @throws ConnectorError `cancelled` only, and whatever is no ConnectorError.
 */
export async function* tryInOrder(
  trials: readonly Trial[],
  hints: Readonly<Record<ConnectorErrorCode, string>>,
): AsyncGenerator<TestStep, void, void> {
  const broken = new Set<StepName>();
  for (const { name, needs = [], attempt } of trials) {
    const missing = needs.find((before) => broken.has(before));
    if (missing === undefined) {
      const step = await outcome(name, attempt, hints);
      if (step.verdict === "failed") broken.add(name);
      yield step;
    } else {
      broken.add(name);
      yield { name, verdict: "skipped", detail: `it needs ${missing}`, hint: null, samples: [] };
    }
  }
}

async function outcome(
  name: StepName,
  attempt: Trial["attempt"],
  hints: Readonly<Record<ConnectorErrorCode, string>>,
): Promise<TestStep> {
  try {
    return { name, verdict: "passed", hint: null, samples: [], ...(await attempt()) };
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code === "cancelled") throw error;
    return { name, verdict: "failed", detail: error.detail, hint: error.hint ?? hints[error.code], samples: [] };
  }
}
