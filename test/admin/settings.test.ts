import { expect, test } from "vitest";
import { runJob } from "../../src/jobs/run-job.ts";
import { type Ask, apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const acme = await makeCompany(api, "acme");
const ask = (method: string, path: string, body?: unknown, more: Ask = {}) =>
  api.ask(method, path, { token: acme.token, ...(body === undefined ? {} : { body }), ...more });

await ask("PUT", "/products/wiki/default-groups/user", { group: acme.groups.users.id });

test("R4, R180: settings are read and changed in one place, part by part, take effect at once and leave an audit row", async () => {
  const before = (await ask("GET", "/settings")).body;
  expect(before).toMatchObject({ experience: "organization", notify: true, guestPolicy: { mostSpaces: 1 } });
  const changed = await ask("PATCH", "/settings", { experience: "site", guestPolicy: { mostSpaces: 2 } });
  expect([changed.status, changed.body]).toEqual([
    200,
    { ...before, experience: "site", guestPolicy: { ...before.guestPolicy, mostSpaces: 2 } },
  ]);
  expect((await ask("GET", "/me")).body.organization).toMatchObject({ experience: "site" });
  const audit = (await ask("GET", "/audit?limit=200")).body.data as { action: string; detail: unknown }[];
  expect(audit.find(({ action }) => action === "settings.changed")?.detail).toEqual({
    changes: [
      { name: "experience", before: "organization", after: "site" },
      { name: "guestPolicy.mostSpaces", before: 1, after: 2 },
    ],
  });
  for (const [body, pointer] of [
    [{ experience: "galaxy" }, "/experience"],
    [{ guestPolicy: { reminders: ["soon"] } }, "/guestPolicy/reminders/0"],
    [{ invitesPerRequest: { guests: 0 } }, "/invitesPerRequest/guests"],
    [{ nothing: 1 }, "/nothing"],
    [{ notifications: { signUp: ["stranger@elsewhere.example"] } }, "/notifications/signUp"],
  ] as const) {
    const refused = await ask("PATCH", "/settings", body);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, pointer]);
  }
  await ask("PATCH", "/settings", { experience: "organization", guestPolicy: { mostSpaces: 1 } });
});

test("C1, C2, C3, C6, C7, C8, C13: a preset is shown, tried and applied; a dry run changes nothing", async () => {
  const before = (await ask("GET", "/settings")).body;
  const names = (await ask("GET", "/settings/presets")).body.data.map(({ name }: { name: string }) => name);
  expect(names).toEqual(["confluence-cloud", "confluence-server", "workspace", "strict"]);
  const tried = await ask("POST", "/settings/apply-preset?dryRun=true", { name: "confluence-server" });
  expect(tried.body.result.changes).toContainEqual({
    product: null,
    name: "experience",
    before: "organization",
    after: "site",
  });
  expect((await ask("GET", "/settings")).body).toEqual(before);
  const applied = await ask("POST", "/settings/apply-preset", { name: "confluence-server" });
  expect(applied.body).toEqual(tried.body.result);
  expect((await ask("GET", "/settings")).body).toMatchObject({ experience: "site", statusVocabulary: "site" });
  await ask("POST", "/settings/apply-preset", { name: "confluence-cloud" });
});

test("R9: a guest's space tells what clients cannot do, with a link", async () => {
  const clientLimits = [{ client: "mobile", limit: "guests cannot sign in", url: "https://tracker.example.com/1" }];
  await ask("PATCH", "/products/wiki/guest-policy", { clientLimits });
  expect((await ask("GET", "/guests")).body.data[0]).toMatchObject({ product: "wiki", clientLimits });
});

test("C11, C13: an invitation says neither role nor mail, and gets what the organization has", async () => {
  const body = { emails: ["zoe@elsewhere.example"], products: [{ product: "wiki" }] };
  await ask("PATCH", "/settings", { defaultSelection: "none", notify: false });
  const refused = await ask("POST", "/invitations", body);
  expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, "/products/0/role"]);
  await ask("PATCH", "/settings", { defaultSelection: "product-default" });
  expect((await ask("POST", "/invitations", body)).body).toMatchObject({
    results: [{ verdict: "invited", mail: null }],
    effects: [{ product: "wiki", role: "user" }],
  });
  await ask("PATCH", "/settings", { notify: true });
});

test("a budget answers 429 with Retry-After and tells the way out", async () => {
  await ask("PATCH", "/settings", { invitationBudget: { organizationPerDay: 1 } });
  const emails = ["q1@elsewhere.example, q2@elsewhere.example"];
  const refused = await ask("POST", "/invitations", { emails, products: [{ product: "wiki", role: "user" }] });
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    429,
    "cool-down",
    expect.stringContaining("copy-link"),
  ]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  await ask("PATCH", "/settings", { invitationBudget: { organizationPerDay: 500 } });
});

test("C12: a CSV file is previewed, imported as a job and told row by row, with the addresses that were refused", async () => {
  const csv =
    "email,product,role\nkai@elsewhere.example,wiki,user\nnobody,wiki,user\nlia@elsewhere.example,desk,user\n";
  const sent = (path: string) =>
    ask("POST", path, undefined, { raw: csv, headers: { "content-type": "text/csv; charset=utf-8" } });
  const preview = await sent("/invitations/import/preview");
  expect(preview.body).toMatchObject({
    total: 3,
    rows: [{ state: "done" }, { state: "refused" }, { state: "refused" }],
  });
  const made = await sent("/invitations/import");
  expect([made.status, made.body]).toMatchObject([202, { action: "import-invitations", counts: { total: 3 } }]);
  await runJob(api.ctx, { organization: acme.organization, job: made.body.id }, undefined);
  const results = (await ask("GET", `/jobs/${made.body.id}/results?state=refused`)).body.data;
  expect(results).toMatchObject([
    { row: 2, email: "nobody", user: null, state: "refused" },
    { row: 3, email: "lia@elsewhere.example", user: null, code: "not-found" },
  ]);
  // The same as rows of JSON, paged.
  const rows = [{ email: "kai@elsewhere.example", product: "wiki", role: "user" }];
  const again = (await ask("POST", "/invitations/import", { rows, notify: false })).body.id;
  await runJob(api.ctx, { organization: acme.organization, job: again }, undefined);
  expect((await ask("GET", `/jobs/${again}/results?limit=1`)).body.data).toMatchObject([{ row: 1, state: "done" }]);
  const wrong = await ask("POST", "/invitations/import", undefined, {
    raw: "email,salary\na@b.example,1",
    headers: { "content-type": "text/csv" },
  });
  expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([422, "/csv"]);
});
