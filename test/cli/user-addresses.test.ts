import { expect, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example.com",
};
const { failure } = commands(environment);

/** What a command that succeeds says, run in this process. */
async function words(...typed: string[]): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand(typed, environment, output);
  expect({ exit, err: err.join("") }).toEqual({ exit: 0, err: "" });
  return out.join("");
}
async function answer<T = Record<string, unknown>>(...typed: string[]): Promise<T> {
  return JSON.parse(await words(...typed, "--json")) as T;
}

test("C16, R169, R172: addresses are changed, mended, found twice and merged by hand, each told before it is done", async () => {
  await answer("org", "create", "acme");
  const { id: ann } = await answer<{ id: string }>("user", "add", "ann@x.example", "--name", "Ann Smith");
  const { id: anm } = await answer<{ id: string }>("user", "add", "anm@x.example", "--name", "Ann Smith");

  const dry = await answer("user", "change-address", "ann@x.example", "ann@new.example", "--dry-run");
  expect(dry).toMatchObject({ dryRun: true, change: { state: "pending" } });
  expect(await answer("user", "change-address", "ann@x.example", "--list")).toEqual([]);
  const asked = await answer("user", "change-address", "ann@x.example", "ann@new.example");
  expect(asked).toMatchObject({ change: { email: "ann@new.example" }, mail: expect.any(String) });
  expect(await failure("user", "change-address", "ann@x.example", "--resend")).toMatchObject({
    exit: 5,
    code: "cool-down",
  });
  expect(await answer("user", "change-address", "ann@x.example", "--cancel")).toMatchObject({
    change: { state: "cancelled" },
  });
  expect(await failure("user", "change-address", "ann@x.example")).toMatchObject({ exit: 2 });
  expect(await words("user", "change-address", "ann@x.example", "--list")).toMatch(/ann@new\.example\s+cancelled/);

  expect(await answer("user", "duplicates")).toMatchObject([{ reasons: ["same-name"] }]);
  expect(await answer("user", "wrong-address", "anm@x.example", "ann@x.example", "--dry-run")).toMatchObject({
    dryRun: true,
    repair: "merge",
    wrong: anm,
    right: ann,
  });
  expect(await answer("user", "merge", "anm@x.example", "ann@x.example", "--dry-run")).toMatchObject({ dryRun: true });
  expect(await answer("user", "merge", "anm@x.example", "ann@x.example")).toMatchObject({ from: anm, to: ann });
  expect(await failure("user", "show", anm)).toMatchObject({ exit: 3, code: "merged" });
  expect(await answer("user", "duplicates")).toEqual([]);
  expect(await answer("user", "unmerge", anm)).toEqual({ id: anm, userName: "anm@x.example", from: ann });

  const invited = await words("invite", "create", "anx@x.example", "new@gmial.com", "--no-mail", "--dry-run");
  expect(invited).toContain("gmial.com resembles gmail.com: was new@gmail.com meant?");
});
