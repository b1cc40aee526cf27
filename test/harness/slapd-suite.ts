import { describe, it } from "vitest";
import { findSlapd, type SlapdInstallation } from "./slapd.ts";

const slapd = await findSlapd();

/** A suite that needs slapd. Where none can be had it is skipped under a name that says so and how to install it. */
export function describeWithSlapd(name: string, suite: (slapd: SlapdInstallation) => void): void {
  if ("missing" in slapd)
    describe.skipIf(true)(`${name} [skipped: ${slapd.missing}]`, () => it("needs slapd", () => {}));
  else describe(name, () => suite(slapd));
}
