import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { afterAll, expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { type RunningSlapd, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { makeOrganization } from "../identity/access/organization.ts";
import { silent } from "./world.ts";

const BASE = "dc=example,dc=com";
const company = readFileSync(join(import.meta.dirname, "../fixtures/ldif/company.ldif"), "utf8");
const ctx = await testContext({ logger: silent });

describeWithSlapd("groups inside groups of a real LDAP server", (installation) => {
  let slapd: RunningSlapd;
  afterAll(() => slapd?.stop());

  test("give a role to everybody below them, circles included, and take it when the nesting goes", async () => {
    slapd = await startSlapd(installation, { ldif: [company] });
    const org = await makeOrganization(ctx, "nested");
    const wiki = await org.product("wiki");
    const settings = { url: slapd.url, bindDn: `cn=muster,ou=services,${BASE}`, base: BASE };
    const secret = { key: loadSecretKey(ctx.config), text: "reader-secret" };
    const { id: directory } = await org.alone((tx) =>
      addDirectory(tx, { name: "corp", kind: "ldap", settings, firstRun: "apply" }, secret),
    );
    // The grant waits for the group. wiki-admins and wiki-editors-in-chief hold each other and one person each.
    await org.alone((tx) => grantRole(tx, { group: { directory, name: "wiki-admins" }, product: wiki, role: "user" }));
    const sync = () => runSync(ctx, directory, { mode: "run", trigger: "command", actor: org.actor });
    const roleOf = async (person: string) => (await org.access(await org.account(person), "wiki")).role;

    expect(await sync()).toMatchObject({ state: "done" });
    expect(await Promise.all(["hpatel", "iroth", "elind"].map(roleOf))).toEqual(["user", "user", null]);

    const ldap = new Client({ url: slapd.url });
    await ldap.bind(slapd.rootDn, slapd.rootPassword);
    const member = (values: string[]) => new Attribute({ type: "member", values });
    const add = new Change({ operation: "add", modification: member([`cn=support,ou=groups,${BASE}`]) });
    await ldap.modify(`cn=wiki-editors-in-chief,ou=groups,${BASE}`, add);
    expect(await sync()).toMatchObject({ state: "done" });
    // elind is in support, support in wiki-editors-in-chief, and that in wiki-admins.
    expect(await Promise.all(["hpatel", "iroth", "elind"].map(roleOf))).toEqual(["user", "user", "user"]);

    const only = new Change({ operation: "replace", modification: member([`uid=hpatel,ou=people,${BASE}`]) });
    await ldap.modify(`cn=wiki-admins,ou=groups,${BASE}`, only);
    await ldap.unbind();
    expect(await sync()).toMatchObject({ state: "done" });
    expect(await Promise.all(["hpatel", "iroth", "elind"].map(roleOf))).toEqual(["user", null, null]);
  });
});
