import { afterAll, beforeAll } from "vitest";

let before = 0;

beforeAll(() => {
  before = children();
});

// Hooks run in reverse order, so this one sees what the file's own hooks have left.
afterAll(async () => {
  // A machine that stalls takes its time to end one that was told to; what is left stays.
  for (let waited = 0; children() > before && waited < 30_000; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (children() > before) throw new Error("this file has left a child process running");
});

function children(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
}
