import { expect, test } from "vitest";
import { statements } from "../harness/server.ts";
import { validRequests } from "./requests.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
await validRequests(api, company);
const { superuserUrl } = api.ctx.database;

/** Text that is personal or confidential wherever it stands. */
const PLANTED = "planted-secret";
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Puts the planted text into every text and JSON column of every table, beside what is there, where the database takes it: a column
 * that refuses holds one of Muster's own words. Returns which took it.
 */
async function plantEverywhere(): Promise<string[]> {
  const columns = await statements<{ table: string; column: string; type: string }>(superuserUrl, [
    `select c.table_name as "table", c.column_name as "column", c.data_type as "type" from information_schema.columns c
      join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
      where c.table_schema = 'muster' and t.table_type = 'BASE TABLE' and c.data_type in ('text', 'jsonb') and c.is_generated = 'NEVER'
        and c.table_name not like '%migration%' order by 1, 2`,
  ]);
  const taken: string[] = [];
  for (const { table, column, type } of columns) {
    const name = `muster."${table}"`;
    const value =
      type === "text"
        ? `coalesce("${column}", '') || '${PLANTED}'`
        : `case jsonb_typeof("${column}") when 'array' then "${column}" else coalesce("${column}", '{}') || '{"${PLANTED}": "${PLANTED}"}' end`;
    try {
      await statements(superuserUrl, [`update ${name} set "${column}" = ${value}`]);
      taken.push(`${table}.${column}`);
    } catch {
      // One of Muster's own words, or a key of something.
    }
  }
  return taken;
}

test("R22: the bundle tells versions, rights, settings, states and figures, and nothing that is personal or confidential", async () => {
  const { config } = api.ctx;
  const plain = await api.ask("GET", "/diagnostics", { token: company.token });
  expect(plain.status, plain.text).toBe(200);
  expect(plain.body).toMatchObject({
    versions: { muster: expect.stringMatching(/^\d/), node: process.version },
    caller: {
      kind: "api-token",
      permissions: expect.arrayContaining([{ permission: "users:write", everywhere: true }]),
    },
    configuration: { mail: { smtp: false }, log: { level: config.log.level } },
    organization: { membershipMode: "aggregating", externalUserManagement: false, singleSignOn: true, paused: false },
    counts: { users: expect.any(Object), invitations: expect.any(Object), rights: expect.any(Object) },
  });
  const okta = plain.body.directories.find(({ kind }: { kind: string }) => kind === "scim");
  expect(okta).toMatchObject({ people: 6, groups: 1, runs: [] });
  const corp = plain.body.directories.find(({ kind }: { kind: string }) => kind === "ldap");
  expect(corp.runs.map(({ state }: { state: string }) => state).sort()).toEqual(["done", "previewed"]);
  // Without the ids, of whose digits some spell ada.
  const words = plain.text.replaceAll(UUID, "");
  for (const one of ["ada", "acme", "wiki", "okta", "example", company.token]) expect(words).not.toContain(one);

  await statements(superuserUrl, [
    `update muster.sync_runs set error = 'x', verdict = '{"held": true, "reasons": [{"rule": "people-lost", "detail": "${PLANTED}"}]}'`,
  ]);
  const taken = await plantEverywhere();
  for (const column of [
    "accounts.user_name",
    "accounts.email",
    "directories.settings",
    "organizations.name",
    "products.name",
    "links.label",
    "mails.recipient",
    "sync_runs.error",
    "groups.name",
  ])
    expect(taken).toContain(column);
  Object.assign(config.mail, {
    smtpUrl: `smtp://${PLANTED}:${PLANTED}@${PLANTED}.example`,
    from: `${PLANTED}@example.com`,
  });
  Object.assign(config.database, {
    url: `postgres://${PLANTED}:${PLANTED}@${PLANTED}/x`,
    ownerUrl: `postgres://${PLANTED}`,
  });
  Object.assign(config, {
    publicUrl: `https://${PLANTED}.example`,
    dataDirectory: `/${PLANTED}`,
    secretKeyFile: `/${PLANTED}`,
    trustedProxies: [PLANTED],
  });
  Object.assign(config.tls, { certFile: `/${PLANTED}`, keyFile: `/${PLANTED}` });
  const told = await api.ask("GET", "/diagnostics", { token: company.token });
  expect(told.status, told.text).toBe(200);
  expect(told.text).not.toContain(PLANTED);
  expect(told.body.configuration).toMatchObject({
    mail: { smtp: true },
    tls: true,
    secretKeyFile: true,
    trustedProxies: 1,
  });
  expect(
    told.body.directories.flatMap(({ runs }: { runs: { heldBy: string[]; failed: boolean }[] }) => runs),
  ).toContainEqual(expect.objectContaining({ heldBy: ["people-lost"], failed: true }));
});
