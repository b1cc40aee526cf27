import { describe, expect, test } from "vitest";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
let count = 0;

/** okta (scim) before corp (ldap) before internal. */
async function company() {
  const made = await makeCompany(api, `dirs-${++count}`);
  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.ask(method, path, { token: made.token, body, headers });
  return { ...made, ask };
}

const SETTING = {
  name: "externalUserManagement",
  value: "on",
  path: "/settings",
  command: "muster org set --no-external-user-management",
  consequence: expect.any(String),
};

describe("external user management", () => {
  test("is a setting; what it refuses says why and where, capabilities and write target too, until it is off (R23 to R25)", async () => {
    const { ask, people } = await company();
    expect((await ask("GET", "/settings")).body).toMatchObject({ externalUserManagement: false });
    expect((await ask("GET", "/me/capabilities?operation=users.create")).body).toMatchObject({
      allowed: true,
      refusal: null,
    });
    expect((await ask("PATCH", "/settings", { externalUserManagement: true })).body).toMatchObject({
      externalUserManagement: true,
    });
    for (const [method, path, body] of [
      ["POST", "/users", { email: "new@example.com" }],
      ["PATCH", `/users/${people.ada}`, { displayName: "Ada" }],
      ["POST", `/users/${people.fay}/resend-invite`, undefined],
    ] as const) {
      const refused = await ask(method, path, body);
      expect([refused.status, refused.body.code, refused.body.setting], path).toEqual([
        403,
        "externally-managed",
        SETTING,
      ]);
    }
    for (const operation of ["users.create", "users.update", "users.resendInvite"])
      expect((await ask("GET", `/me/capabilities?operation=${operation}`)).body).toMatchObject({
        allowed: true,
        refusal: { code: "externally-managed", setting: SETTING },
      });
    const all = (await ask("GET", "/me/capabilities")).body.data as { operation: string; refusal: unknown }[];
    expect(all.filter(({ refusal }) => refusal !== null).map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(["users.create", "users.update", "users.resendInvite"]),
    );
    expect(all.find(({ operation }) => operation === "users.suspend")).toMatchObject({ refusal: null });
    expect((await ask("GET", "/directories/write-target")).body).toMatchObject({
      directory: null,
      refusal: { code: "externally-managed" },
    });
    expect((await ask("PUT", "/directories/order", { names: ["internal", "okta", "corp"] })).body).toMatchObject({
      changed: true,
      writeTarget: { directory: null, refusal: { code: "externally-managed" } },
    });
    await ask("PATCH", "/settings", { externalUserManagement: false });
    expect((await ask("POST", "/users", { email: "new@example.com" })).status).toBe(201);
  });
});

test("a body that is none, and a kind that there is not, are named in plain words", async () => {
  const { ask } = await company();
  expect((await ask("POST", "/directories/corp/sync", [1])).body).toMatchObject({
    detail: "the body: it must be of type object",
    errors: [{ pointer: "" }],
  });
  expect((await ask("POST", "/directories", { name: "files", kind: "csv" })).body).toMatchObject({
    errors: [{ pointer: "/kind", message: 'it must be "scim" or "ldap" or "google-workspace"' }],
  });
});

describe("permissions", () => {
  test("stand with each directory, decide where people are written, and are refused where a sync would take edits back", async () => {
    const { ask, people } = await company();
    expect((await ask("GET", "/directories")).body.data).toMatchObject([
      { name: "okta", permissions: "read-only-local-groups" },
      { name: "corp", permissions: "read-only-local-groups" },
      { name: "internal", permissions: "read-write" },
    ]);
    const refused = await ask("PATCH", "/directories/corp", { permissions: "read-write" });
    expect([refused.status, refused.body.code, refused.body.errors[0].pointer]).toEqual([
      422,
      "invalid",
      "/permissions",
    ]);
    const closed = await ask("PATCH", `/users/${people.ada}`, { displayName: "Ada" });
    expect([closed.status, closed.body.code, closed.body.setting.path]).toEqual([
      403,
      "read-only",
      "/directories/okta",
    ]);
    await ask("PATCH", "/directories/okta", { permissions: "read-write" });
    expect(
      (await ask("PATCH", `/users/${people.ada}`, { displayName: "Ada", email: "ada@new.example" })).body,
    ).toMatchObject({
      email: "ada@new.example",
    });
    expect((await ask("POST", "/users", { email: "new@example.com" })).body.records).toMatchObject([
      { directory: "okta" },
    ]);
    expect((await ask("GET", "/directories/write-target")).body).toMatchObject({
      directory: "okta",
      refusal: null,
      directories: [
        { name: "okta", capabilities: { addPeople: true, editGroups: true }, refusal: null },
        { name: "corp", capabilities: { addPeople: false, localMembers: true }, refusal: { code: "read-only" } },
        { name: "internal", capabilities: { addPeople: true } },
      ],
    });
  });

  test("decide about members and groups; whoever is taken out hears what remains", async () => {
    const { ask, groups, people } = await company();
    expect((await ask("DELETE", `/groups/${groups.users.id}/members/${people.ada}`)).body).toEqual({
      removed: 1,
      kept: [],
      remaining: [],
    });
    const rename = () => ask("PATCH", `/groups/${groups.owners.id}`, { name: "proprietors" });
    expect((await rename()).body).toMatchObject({ code: "read-only", setting: { path: "/directories/okta" } });
    await ask("PATCH", "/directories/okta", { permissions: "read-only" });
    const member = await ask("POST", `/groups/${groups.users.id}/members`, { users: [people.fay] });
    expect([member.status, member.body.code]).toEqual([403, "read-only"]);
    await ask("PATCH", "/directories/okta", { permissions: "read-write" });
    expect((await rename()).body).toMatchObject({ name: "proprietors" });
    expect((await ask("DELETE", `/groups/${groups.owners.id}`)).status).toBe(204);
  });
});

describe("removing", () => {
  test("tells first, asks for the name, is another's unknown; afterwards there is nothing of that name or id", async () => {
    const { ask, okta, people } = await company();
    const told = await ask("DELETE", "/directories/okta?dryRun=true", { confirm: "okta" });
    expect(told.body).toMatchObject({
      dryRun: true,
      result: { users: 6, groups: 1, grants: { total: 1 }, consequences: { deactivated: 6 } },
    });
    for (const body of [{ confirm: "corp" }, {}]) {
      const refused = await ask("DELETE", "/directories/okta", body);
      expect([refused.status, refused.body.code], refused.text).toEqual([422, "invalid"]);
    }
    expect((await ask("DELETE", "/directories/internal", { confirm: "internal" })).body).toMatchObject({
      status: 409,
      code: "conflict",
    });
    const { ask: other } = await company();
    expect((await other("DELETE", `/directories/${okta.id}`, { confirm: "okta" })).body).toMatchObject({
      status: 404,
      detail: "there is no such directory",
    });
    const removed = await ask("DELETE", "/directories/okta", { confirm: "okta" });
    expect([removed.status, removed.body]).toEqual([200, told.body.result]);
    for (const name of ["okta", okta.id]) expect((await ask("GET", `/directories/${name}`)).status).toBe(404);
    expect((await ask("GET", "/directories")).body.data.map(({ name }: { name: string }) => name)).toEqual([
      "corp",
      "internal",
    ]);
    expect((await ask("GET", `/users/${people.ada}`)).body).toMatchObject({ status: "deactivated", records: [] });
    expect((await ask("GET", "/runs")).status).toBe(200);
    expect(
      (await ask("GET", "/groups")).body.data.map(({ directory }: { directory: string | null }) => directory),
    ).toEqual([null, null, null]);
  });
});
