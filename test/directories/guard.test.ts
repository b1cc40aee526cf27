import { afterAll, beforeAll, expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { runSync } from "../../src/sync/run.ts";
import { type RunningDs389, startDs389 } from "../harness/ds389.ts";
import { generateLdif } from "../harness/ldif-generator.ts";
import { testContext } from "../harness/postgres.ts";
import { makeWorld, silent } from "../sync/world.ts";
import { asAdmin } from "./live.ts";

const SUFFIX = "dc=example,dc=com";
const READER = `cn=muster,ou=services,${SUFFIX}`;
const big = generateLdif({ users: 200, groups: 5, members: 5, seed: 3 });
const all = `(targetattr="*")(version 3.0; acl "all"; allow (read, search, compare) userdn="ldap:///${READER}";)`;
const four = `(targetfilter="(|(uid=u1)(uid=u2)(uid=u3)(uid=u4)(objectClass=domain)(objectClass=dcObject))")${all}`;

const ctx = await testContext({ logger: silent });
let ds: RunningDs389;
beforeAll(async () => {
  const [top = "", ...rest] = big.ldif.split("\n\n");
  ds = await startDs389([`${top}\naci: ${all}`, ...rest].join("\n\n"));
});
afterAll(() => ds?.stop());

test("a change of rights after which 389 answers success with four of 200 takes nobody away: the run is held", async () => {
  const world = await makeWorld(ctx);
  const settings = { url: ds.url, bindDn: READER, base: SUFFIX };
  const { id } = await world.write(
    (tx) =>
      addDirectory(
        tx,
        { name: "corp", kind: "ldap", settings, firstRun: "apply" },
        { key: loadSecretKey(ctx.config), text: "reader-secret" },
      ),
    "exclusive",
  );
  const sync = () => runSync(ctx, id, { mode: "run", trigger: "command", actor: world.actor });
  expect(await sync()).toMatchObject({ state: "done", counts: { read: 200, added: 200 } });
  const before = [await world.users(id), await world.members(id)];
  const setRights = (aci: string): Promise<void> =>
    asAdmin(
      { url: ds.url, admin: { dn: ds.rootDn, password: ds.rootPassword }, reader: { dn: "", password: "" } },
      async (client) => {
        const { Attribute, Change } = await import("ldapts");
        await client.modify(
          SUFFIX,
          new Change({ operation: "replace", modification: new Attribute({ type: "aci", values: [aci] }) }),
        );
      },
    );
  await setRights(four);
  expect(await sync()).toMatchObject({ state: "held", rowsWritten: 0, counts: { read: 4, removed: 196 } });
  expect([await world.users(id), await world.members(id)]).toEqual(before);
  await setRights(all);
  expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0, counts: { unchanged: 200 } });
});
