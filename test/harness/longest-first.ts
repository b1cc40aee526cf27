import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Short files whose loops are the longest of all. */
const LONG = /\/(hostile-(writes|reads)|shrink|snapshots|random-worlds)[^/]*$/;

/** Where nobody knows yet how long each file takes, the smallest come last: begun then, these would keep one worker busy alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const [long, others] = [true, false].map((isLong) => sorted.filter((file) => LONG.test(file.moduleId) === isLong));
    return [...(long ?? []), ...(others ?? [])];
  }
}
