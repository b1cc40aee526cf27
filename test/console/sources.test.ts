import { expect, test } from "vitest";
import { type GroupId, newId } from "../../src/db/id.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, OTHER_LOOKS, open, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const { token } = company;
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token, body });

test("a held plan is read row by row and discarded with a reason", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await page.getByRole("link", { name: "Sync runs" }).click();
  await page.getByRole("row").filter({ hasText: "Waits for approval" }).getByRole("button").click();
  await page.getByRole("cell", { name: "gus" }).waitFor();
  await page.getByRole("combobox", { name: "Kind" }).click();
  await page.getByRole("option", { name: "Person removed" }).click();
  await page.getByText("The plan has no such rows.").waitFor();
  await page.waitForURL(/kind=user-remove/);
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/m-run.png" });
  await page.getByLabel("Reason").fill("the export was broken");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByText("The plan is discarded.").waitFor();
  const run = (await api("GET", `/runs/${company.runs.held}`)).body;
  expect([run.state, run.discardedReason]).toEqual(["discarded", "the export was broken"]);
  expect(faults).toEqual([]);
});

test("a run that is asked for and has not begun says that it waits", async () => {
  const { page } = await world.administrator();
  const { runId } = (await api("POST", "/directories/corp/sync", { mode: "dry-run" })).body;
  await open(page, `/runs?open=${runId}`);
  await page.getByText("waits for a worker").waitFor();
});

test("what a provider sends is followed live, with what it changed and its masked body", async () => {
  const { page, faults } = await world.administrator();
  const made = (await api("POST", "/directories/okta/tokens", {})).body;
  await open(page, "/scim-requests?directory=okta&live=yes");
  const answer = await fetch(`${world.url}/scim/v2/${company.okta.id}/Users`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.token}`, "content-type": "application/scim+json" },
    body: JSON.stringify({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName: "kim",
      password: "a secret of kim",
    }),
  });
  expect(answer.status).toBe(201);
  await page.getByRole("button", { name: /POST .*Users/ }).click();
  await page.getByRole("heading", { name: "Body, secrets masked" }).waitFor();
  expect(await page.content()).not.toContain("a secret of kim");
  await page.screenshot({ path: ".cache/m-scim.png" });
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test("a group's grant tells whom it touches before it is given, and is taken back", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/groups?q=users");
  await page.getByRole("button", { name: "users", exact: true }).click();
  await page.getByRole("combobox", { name: "Product" }).click();
  await page.getByRole("option", { name: /tracker/ }).click();
  await page.getByRole("button", { name: "Give User" }).click();
  const blast = page.getByRole("region", { name: "What this would change" });
  await blast.getByText(/tracker: 1 person becomes User \(now: no access\)/).waitFor();
  await blast.getByText(/tracker: \+1 seat/).waitFor();
  await page.screenshot({ path: ".cache/m-group.png" });
  expect(await violations(page)).toEqual([]);
  const given = async () =>
    (await api("GET", `/grants?group=${company.groups.users.id}`)).body.data.map(
      ({ product, role }: { product: string; role: string }) => `${product} ${role}`,
    );
  expect(await given()).toEqual(["wiki user"]);
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByText("The role is given.").waitFor();
  expect(await given()).toContain("tracker user");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(given).toEqual(["wiki user"]);
  expect(faults).toEqual([]);
});

test("an admin's grant that waits is confirmed once its group is there", async () => {
  const { page } = await world.administrator();
  await world.write(company.organization, async (tx) => {
    await insertDirectoryGroups(tx, company.okta.id, [
      {
        id: newId<GroupId>(),
        immutableId: null,
        externalId: null,
        displayName: "late",
        resource: {},
        contentHash: null,
        uniqueName: true,
      },
    ]);
  });
  await open(page, "/groups");
  await page.getByRole("button", { name: "Confirm" }).first().click();
  await page.getByText("The grant counts now.").waitFor();
  expect((await api("GET", `/grants/${company.grants.waiting.id}`)).body.state).toBe("in-force");
});

test("a local group is made, gets a member, another name and an end; a directory's group says why not", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/groups");
  await page.getByRole("button", { name: "Add local group" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Choir");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("tab", { name: "Members" }).click();
  await page.getByRole("combobox", { name: "Person" }).fill("fay");
  await page.getByRole("option", { name: "fay" }).click();
  await page.getByRole("button", { name: "Add member" }).click();
  await page.getByText("The person is a member.").waitFor();
  const [group] = (await api("GET", "/groups?name=Choir")).body.data;
  expect((await api("GET", `/groups/${group.id}/members`)).body.data[0].user.userName).toBe("fay");
  await page.getByRole("tab", { name: "Rename or delete" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Singers");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByText("The group has another name.").waitFor();
  await page.getByRole("button", { name: "Show what deleting would change" }).click();
  await page.getByText("Nobody's access changes.").waitFor();
  await page.getByRole("button", { name: "Delete group" }).click();
  await page.getByText(/is deleted/).waitFor();
  expect((await api("GET", `/groups/${group.id}`)).status).toBe(404);
  await open(page, `/groups?open=${company.groups.owners.id}&tab=itself`);
  await page.getByRole("button", { name: "Show what deleting would change" }).click();
  await page.getByRole("dialog").getByRole("alert").waitFor();
  expect(faults).toEqual([]);
});

test.each(OTHER_LOOKS)("runs, requests and groups are accessible: $look", async ({ look, turn }) => {
  const { page, faults } = await world.administrator(look);
  const paths = [
    "runs",
    `runs?open=${company.runs.done}`,
    "scim-requests?directory=okta",
    `groups?open=${company.groups.users.id}`,
  ];
  for (const path of inTurn(paths, turn, OTHER_LOOKS.length)) {
    await open(page, `/${path}`);
    expect([path, await violations(page)]).toEqual([path, []]);
    await page.screenshot({ path: `.cache/m-${path.slice(0, 6)}-${Object.values(look).join("-")}.png` });
  }
  expect(faults).toEqual([]);
});
