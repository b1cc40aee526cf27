import { expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const acme = await makeCompany(api, "acme");

test("a csv directory is shown, scheduled and ordered over the API, but which files of the server it reads is said on the server", async () => {
  const settings = { users: "acme/users.csv" };
  const { id } = await api.write(acme.organization, (tx) =>
    addDirectory(tx, { name: "old-server", kind: "csv", settings }),
  );
  const { token } = acme;
  const shown = await api.ask("GET", `/directories/${id}`, { token });
  expect(shown.body).toMatchObject({ kind: "csv", settings, hasSecret: false, syncEvery: null, baseUrl: null });
  const patch = (body: object) => api.ask("PATCH", `/directories/${id}`, { token, body });
  expect((await patch({ syncEvery: 3_600 })).body).toMatchObject({ syncEvery: 3_600, settings });
  for (const [body, pointer] of [
    [{ settings: { users: "other/users.csv" } }, "/settings"],
    [{ settings: {} }, "/settings"],
    [{ secret: "hush hush" }, "/secret"],
    [{ profile: "okta" }, "/profile"],
  ] as const) {
    const refused = await patch(body);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, pointer]);
  }
  const made = await api.ask("POST", "/directories", { token, body: { kind: "csv", name: "files", settings } });
  expect(made.status).toBe(422);
  expect((await api.ask("GET", `/directories/${id}`, { token })).body).toMatchObject({ settings, hasSecret: false });
});
