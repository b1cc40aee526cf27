/** What connectors/connector.ts promises of `test`, asked of any connector: a part of the suite in conformance.ts. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { ConnectorError, type TestStep } from "../../connectors/connector.ts";
import { isConnectorKind, testSteps } from "../../connectors/index.ts";
import type { Adapter, Contents, Made } from "./conformance.ts";

const ORDER = ["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"];
const MOST_SAMPLES = 5;

/** Every step that was told, and the code of the error that ended it early. */
async function tested(made: Made, signal: AbortSignal = new AbortController().signal) {
  const steps: TestStep[] = [];
  try {
    for await (const step of made.connector.test(signal)) steps.push(step);
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectorError);
    return { steps, end: (error as ConnectorError).code };
  }
  return { steps, end: "over" };
}

const namesOf = (steps: readonly TestStep[]) => steps.map(({ name }) => name);

/** What holds of the steps of any directory, whatever is wrong with it. */
function expectSteps(steps: readonly TestStep[], made: Made, contents: Contents): void {
  const truth = made.truth ?? contents;
  const known = {
    users: new Map(truth.users.map(({ id, userName }) => [id, userName])),
    groups: new Map(truth.groups.map(({ id, name }) => [id, name])),
  };
  let isBroken = false;
  for (const { name, verdict, detail, hint, samples } of steps) {
    expect(detail, name).not.toBe("");
    if (verdict === "failed") expect(hint, `what to do about: ${detail}`).toMatch(/./);
    if (name === "settings" || name === "connect") expect(verdict === "skipped" && !isBroken, name).toBe(false);
    isBroken ||= verdict === "failed";
    expect(samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
    if (name === "users" || name === "groups")
      for (const sample of samples) {
        expect(known[name].get(sample.id), `${name} ${sample.id}`).toBe(sample.name);
        expect(sample.location).not.toBe("");
      }
  }
  for (const secret of made.secrets) expect(JSON.stringify(steps)).not.toContain(secret);
}

/**
 * Adds the tests to the suite of one kind.
 * @param stand keeps a directory until the test is over; `released` waits until a connector holds nothing any more.
 */
export function describeTest(
  kind: string,
  { make, broken, faults, silent }: Adapter,
  company: Contents,
  stand: (made: Made) => Made,
  released: (made: Made) => Promise<void>,
): void {
  const good = async (contents = company): Promise<Made> => stand(await make(contents));

  it("every step passes where nothing is wrong, with samples that a read would give", async () => {
    const made = await good();
    const { steps, end } = await tested(made);
    expect(end).toBe("over");
    expectSteps(steps, made, company);
    expect(ORDER.filter((name) => namesOf(steps).some((told) => told === name))).toEqual(namesOf(steps));
    expect(namesOf(steps)).toEqual(expect.arrayContaining(["settings", "users", "groups", "count", "members"]));
    if (isConnectorKind(kind)) expect(namesOf(steps)).toEqual(testSteps(kind));
    for (const { name, verdict, detail, samples } of steps) {
      expect(verdict, `${name}: ${detail}`).toBe("passed");
      if (name === "users" || name === "groups") expect(samples.length, name).toBeGreaterThan(0);
    }
    await released(made);
    const again = await tested(made);
    expect(again.steps.map(({ name, verdict, samples }) => ({ name, verdict, samples }))).toEqual(
      steps.map(({ name, verdict, samples }) => ({ name, verdict, samples })),
    );
    await released(made);
  });

  it("a directory without groups is one to think about, no failure", async () => {
    const made = await good({ users: company.users, groups: [] });
    const { steps } = await tested(made);
    expectSteps(steps, made, company);
    expect(steps.filter(({ verdict }) => verdict === "failed")).toEqual([]);
    expect(steps.find(({ name }) => name === "groups")?.verdict).not.toBe("passed");
    await released(made);
  });

  it("a test that is cancelled ends so and lets go of everything, whenever it is", async () => {
    const made = await good();
    const before = await tested(made, AbortSignal.abort());
    expect(before).toEqual({ steps: [], end: "cancelled" });
    const { length } = (await tested(made)).steps;
    for (let told = 0; told < length; told++)
      for (const turns of [0, 1, 3, 8, 21]) {
        const stop = new AbortController();
        const trying = made.connector.test(stop.signal);
        for (let step = 0; step < told; step++) await trying.next();
        const asked = trying.next().then(
          ({ done }) => (done ? "over" : "step"),
          (error: unknown) => (error instanceof ConnectorError ? error.code : String(error)),
        );
        for (let turn = 0; turn < turns; turn++) await nextTurn();
        stop.abort();
        // What was reached by then may still be told.
        if ((await asked) === "step" && told < length - 1)
          await expect(trying.next(), `step ${told + 1}, turn ${turns}`).rejects.toMatchObject({ code: "cancelled" });
        expect(["step", "cancelled"]).toContain(await asked);
        await released(made);
      }
  });

  it("a test that is left early lets go of everything", async () => {
    const made = await good();
    const { length } = (await tested(made)).steps;
    for (let told = 0; told <= length; told++) {
      const trying = made.connector.test(new AbortController().signal);
      for (let step = 0; step < told; step++) await trying.next();
      await trying.return();
      await released(made);
    }
  });

  it("a fault at any page is a step that failed, and no step is missing or told twice", async () => {
    const whole = namesOf((await tested(await good())).steps);
    let failed = 0;
    for (const fault of faults)
      for (let page = 1; ; page++) {
        const made = await broken(company, fault, page);
        if (made === null) break;
        stand(made);
        const { steps, end } = await tested(made);
        expect([end, ...namesOf(steps)], `${fault} at page ${page}`).toEqual(["over", ...whole]);
        expectSteps(steps, made, company);
        if (steps.some(({ verdict }) => verdict === "failed")) failed += 1;
        await released(made);
      }
    expect(failed, "no fault was ever met").toBeGreaterThan(0);
  });

  if (silent === undefined) return;
  it("a test is cancelled while the directory says nothing", async () => {
    for (let page = 1; ; page++) {
      const made = await silent(company, page);
      if (made === null) break;
      stand(made);
      const stop = new AbortController();
      let isOver = false;
      const trying = tested(made, stop.signal).finally(() => {
        isOver = true;
      });
      while (!isOver && (await made.held()) === 0) await nextTurn();
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      stop.abort();
      // A page that a test does not ask for cannot stop it.
      expect(["cancelled", "over"]).toContain((await trying).end);
      await released(made);
    }
  });
}
