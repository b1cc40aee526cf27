import { expect, test } from "vitest";
import { addAdministrator, removeAdministrator } from "../../src/identity/administrators.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { activeAccounts, makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

/** `p0` to `p29` under their ids behind this prefix. */
function people(prefix = "", more: { active?: boolean } = {}): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (let number = 0; number < 30; number++) source.user(`${prefix}p${number}`, { userName: `p${number}`, ...more });
  return source;
}

test("a previewed plan that would take the last administrator by now is not applied without its id", async () => {
  const world = await makeWorld(ctx);
  const corp = await world.directory("corp");
  await world.sync(corp, people().user("root", { email: "root@example.com" }));
  await world.write((tx) => addAdministrator(tx, "root@example.com"));
  const other = await world.write((tx) => addAdministrator(tx, "other@example.com"));
  expect(await world.sync(corp, people(), { mode: "dry-run" })).toMatchObject({ counts: { removed: 1 } });
  await world.write((tx) => removeAdministrator(tx, other.id), "exclusive");

  expect(await world.sync(corp, people(), { mode: "approve" })).toMatchObject({ state: "held" });
  expect(await world.users(corp)).toHaveProperty("root");
});

test("a previewed plan that would shut people out by now, its directory standing above theirs, is not applied without its id", async () => {
  const world = await makeWorld(ctx);
  const [corp, old] = [await world.directory("corp"), await world.directory("old")];
  await world.sync(corp, people());
  const gone = people("old-", { active: false });
  expect(await world.sync(old, gone, { mode: "dry-run" })).toMatchObject({ counts: { added: 30 } });
  await world.write((tx) => orderDirectories(tx, ["old", "corp", "internal"]), "exclusive");
  expect(await activeAccounts(world)).toBe(30);

  expect(await world.sync(old, gone, { mode: "approve" })).toMatchObject({ state: "held" });
  expect(await activeAccounts(world)).toBe(30);
});

test("a previewed plan that gives people names which another directory has by now is not applied without its id", async () => {
  const world = await makeWorld(ctx);
  const [corp, old] = [await world.directory("corp"), await world.directory("old")];
  await world.sync(corp, people());
  const [renamed, taken] = [people(), new ScriptedDirectory()];
  for (let number = 0; number < 12; number++) {
    renamed.user(`p${number}`, { userName: `Q${number}` });
    taken.user(`q${number}`);
  }
  expect(await world.sync(corp, renamed, { mode: "dry-run" })).toMatchObject({ counts: { updated: 12 } });
  expect(await world.sync(old, taken)).toMatchObject({ state: "done" });

  expect(await world.sync(corp, renamed, { mode: "approve" })).toMatchObject({ state: "held" });
  expect(await activeAccounts(world)).toBe(42);
});
