import { afterEach, describe, expect, it } from "vitest";
import { type FakeGoogle, startFakeGoogle } from "../../harness/fake-google-directory.ts";
import { scaled } from "../../harness/scale.ts";
import { readAll } from "../ldap/read-all.ts";
import { company, connectorFor, group, person } from "./company.ts";

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

/** One call for each group. Google's minute made short: the quota that 12,000 a minute are in thirteen seconds. */
async function start(groups: number): Promise<FakeGoogle> {
  const all = Array.from({ length: groups }, (_, number) => group(number, []));
  fake = await startFakeGoogle(company([person(1)], all), { quota: { calls: 2600, windowMs: 13_000 } });
  return fake;
}

describe("the quota", () => {
  it("is never overdrawn, however long the read", async () => {
    const google = await start(scaled(2900));
    const { proof } = await readAll(connectorFor(google, { quotaPerMinute: 12_000 }));
    expect(proof.groups).toBe(scaled(2900));
    expect(google.breaches).toBe(0);
    // As few calls as the directory can be read with.
    const pages = 2 * (1 + Math.ceil(scaled(2900) / 200)) + scaled(2900);
    expect(google.calls).toBe(pages + 2);
  }, 300_000);

  it("that is lower than the settings say is found out and waited for", async () => {
    const google = await start(50);
    // Google relents once it has refused five calls.
    google.options.quota = {
      get calls() {
        return google.breaches < 5 ? 10 : 1000;
      },
      windowMs: 3_600_000,
    };
    const { proof } = await readAll(connectorFor(google, { maxAttempts: 100 }));
    expect(proof.groups).toBe(50);
    expect(google.breaches).toBe(5);
  });
});
