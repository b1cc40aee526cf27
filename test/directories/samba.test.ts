import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layoutOf } from "../../connectors/ldap/layout.ts";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { placeOf } from "../../connectors/ldap/place.ts";
import { readGroups, readMembers, readUsers } from "../../connectors/ldap/read.ts";
import { openFirst } from "../../connectors/ldap/servers.ts";
import type { LdapSession } from "../../connectors/ldap/session.ts";
import { parseLdapSettings } from "../../connectors/ldap/settings.ts";
import { emptySnapshot } from "../../connectors/ldap/snapshot.ts";
import { describeConnector } from "../connectors/conformance.ts";
import { membersByName, readAll } from "../connectors/ldap/read-all.ts";
import { tried as trySettings } from "../connectors/ldap/tried.ts";
import { passwordLine, type RunningSamba, startSamba } from "../harness/samba.ts";
import { delta } from "./delta.ts";
import { addMembers, asAdmin, type Dialect, liveAdapter, removeMembers, type Server, setValue } from "./live.ts";

const DOMAIN = "DC=ad,DC=example,DC=test";
const COMPANY = `OU=company,${DOMAIN}`;
const PASSWORD = "Secret-Reader-1";
/** People of the group that is read in ranges. */
const MANY = 350;
/** 2001-01-01 on Active Directory's clock. */
const LONG_AGO = "126227808000000000";
const NEVER = "9223372036854775807";

function user(name: string, lines: readonly string[] = []): string {
  return [
    `dn: CN=${name},${COMPANY}`,
    "objectClass: user",
    `sAMAccountName: ${name}`,
    `userPrincipalName: ${name}@ad.example.test`,
    `mail: ${name}@example.com`,
    `displayName: ${name} of the company`,
    ...(lines.some((line) => line.startsWith("userAccountControl")) ? [] : ["userAccountControl: 512"]),
    passwordLine(PASSWORD),
    ...lines,
    "",
  ].join("\n");
}

function group(name: string, members: readonly string[], lines: readonly string[] = []): string {
  const values = members.map((member) => `member: CN=${member},${COMPANY}`);
  return [`dn: CN=${name},${COMPANY}`, "objectClass: group", `sAMAccountName: ${name}`, ...values, ...lines, ""].join(
    "\n",
  );
}

const many = Array.from({ length: MANY }, (_, number) => `m${number}`);
/** Universal security groups: the bit of security, and 8. */
const UNIVERSAL = "groupType: -2147483640";
const LDIF = [
  `dn: ${COMPANY}\nobjectClass: organizationalUnit\n`,
  user("anna"),
  user("ben", ["userAccountControl: 514"]),
  user("cleo", [`accountExpires: ${LONG_AGO}`]),
  user("dora", ["accountExpires: 0"]),
  user("emil", [`accountExpires: ${NEVER}`]),
  user("finn"),
  user("gina", ["pwdLastSet: 0"]),
  user("reader"),
  ...many.map((name) => user(name)),
  group("staff", ["anna", "ben", "cleo"]),
  group("everywhere", ["anna", "dora"], [UNIVERSAL]),
  group("crowd", many),
  group("inner", ["emil"], [UNIVERSAL]),
  group("outer", ["finn", "inner"], [UNIVERSAL]),
].join("\n");

let samba: RunningSamba;
let server: Server;
beforeAll(async () => {
  samba = await startSamba(LDIF);
  const reader = { dn: "reader@ad.example.test", password: PASSWORD };
  server = { url: samba.url, admin: { dn: samba.administrator, password: samba.password }, reader };
  await asAdmin(server, async (client) => {
    // The circle, which could not be written down at once.
    await addMembers(client, `CN=inner,${COMPANY}`, [`CN=outer,${COMPANY}`]);
    await addMembers(client, `CN=staff,${COMPANY}`, [`CN=gina,${COMPANY}`]);
    const { searchEntries } = await client.search(`CN=staff,${COMPANY}`, {
      attributes: ["objectSid"],
      explicitBufferAttributes: ["objectSid"],
    });
    const sid = searchEntries[0]?.objectSid as Buffer;
    await setValue(client, `CN=gina,${COMPANY}`, "primaryGroupID", String(sid.readUInt32LE(sid.length - 4)));
    await setValue(client, DOMAIN, "lockoutThreshold", "3");
  });
});
afterAll(() => samba?.stop());

function connector(settings: object = {}, password = PASSWORD) {
  return ldapConnector({ url: samba.url, bindDn: server.reader.dn, base: COMPANY, ...settings }, password);
}

function tried(settings: object = {}, password = PASSWORD) {
  return trySettings(connector(settings, password));
}

describe("reading Active Directory (Samba)", () => {
  it("listens on loopback alone", () => {
    expect(samba.places.length).toBeGreaterThanOrEqual(4);
    for (const place of samba.places) expect(place).toMatch(/^tcp ......7F:\d+$/);
  });

  it("gives everybody with who is switched off, primary groups, and nested groups left nested", async () => {
    const read = await readAll(connector({ pageSize: 100 }));
    expect(read.proof).toMatchObject({ users: MANY + 8, groups: 5, oddityCount: 0 });
    const off = [...read.users.values()].filter((found) => !found.active).map((found) => found.userName);
    expect(off.sort()).toEqual(["ben@ad.example.test", "cleo@ad.example.test"]);
    const { crowd, ...members } = membersByName(read);
    expect(crowd).toHaveLength(MANY);
    expect(members).toEqual({
      staff: ["anna", "ben", "cleo", "gina"].map((name) => `${name}@ad.example.test`),
      everywhere: ["anna", "dora"].map((name) => `${name}@ad.example.test`),
      inner: ["emil@ad.example.test", "outer"],
      outer: ["finn@ad.example.test", "inner"],
    });
  });

  it("shows ids in Microsoft's order: the server finds each entry by its own", async () => {
    const { users } = await readAll(connector({ userFilter: "(&(objectClass=user)(!(cn=m*)))" }));
    expect(users.size).toBe(8);
    await asAdmin(server, async (client) => {
      for (const { id, location } of users.values()) {
        const { searchEntries } = await client.search(`<GUID=${id}>`, { scope: "base", attributes: ["cn"] });
        expect(searchEntries.map((entry) => entry.dn)).toEqual([location]);
      }
    });
  });

  it("keeps the id through a rename and a move", async () => {
    const byName = async (name: string) =>
      [...(await readAll(connector({ base: DOMAIN, userFilter: `(mail=${name}@example.com)` }))).users.values()][0];
    const before = await byName("dora");
    await asAdmin(server, async (client) => {
      await client.modifyDN(`CN=dora,${COMPANY}`, `CN=Dora D,${COMPANY}`);
      await client.modifyDN(`CN=Dora D,${COMPANY}`, `CN=Dora D,CN=Users,${DOMAIN}`);
    });
    const after = await byName("dora");
    expect(after).toMatchObject({
      id: before?.id,
      userName: before?.userName,
      location: `CN=Dora D,CN=Users,${DOMAIN}`,
    });
    await asAdmin(server, (client) => client.modifyDN(`CN=Dora D,CN=Users,${DOMAIN}`, `CN=dora,${COMPANY}`));
  });

  it("puts a list of members together from its ranges", async () => {
    const settings = parseLdapSettings({ url: samba.url, bindDn: server.reader.dn, base: COMPANY });
    const session = await openFirst(await placeOf(settings, PASSWORD), new AbortController().signal);
    try {
      const layout = layoutOf(settings, session);
      const snapshot = emptySnapshot();
      const asked: string[] = [];
      const inRanges = hundredByHundred(session, asked);
      for await (const _ of readGroups(session, layout, snapshot));
      for await (const _ of readUsers(session, layout, snapshot));
      const found = new Set<string>();
      for await (const { members = [] } of readMembers(inRanges, layout, snapshot))
        for (const part of members) for (const id of part.users) found.add(`${part.group} ${id}`);
      // Each begins with the last value of the one before.
      expect(asked).toEqual(["member;range=99-198", "member;range=198-297", "member;range=297-396"]);
      const { members } = await readAll(connector());
      // Who is in a group as their primary one is in no list.
      const all = [...members.values()].reduce((sum, ids) => sum + ids.size, 0);
      expect(found.size).toBe(all - 1 - 2);
    } finally {
      await session.close();
    }
  });

  it("over TLS with the domain's own authority and the server's name", async () => {
    const secure = { url: samba.ldapsUrl, ca: samba.ca, serverName: "dc1.ad.example.test" };
    expect((await readAll(connector(secure))).proof.users).toBe(MANY + 8);
    expect((await readAll(connector({ ...secure, url: samba.url, startTls: true }))).proof.users).toBe(MANY + 8);
    const steps = await tried({ ...secure, serverName: "dc2.ad.example.test" });
    expect(steps.get("tls")).toMatchObject({ verdict: "failed" });
    expect(steps.get("tls")?.detail).toContain("for dc1.ad.example.test, 127.0.0.9");
    expect(steps.get("bind")).toMatchObject({ verdict: "skipped" });
  });

  it("through the Global Catalog: everybody, and universal groups alone", async () => {
    const read = await readAll(connector({ url: samba.catalogUrl }));
    expect(read.proof.users).toBe(MANY + 8);
    expect(Object.keys(membersByName(read)).sort()).toEqual(["everywhere", "inner", "outer"]);
    expect((await tried({ url: samba.catalogUrl })).get("groups")).toMatchObject({ verdict: "warned" });
  });

  it("reads the second server when the first is gone", async () => {
    expect((await readAll(connector({ url: ["ldap://127.0.0.9:1", samba.url] }))).proof.users).toBe(MANY + 8);
  });
});

describe("trying the settings of Active Directory (Samba)", () => {
  it("passes step by step, with ids that a sync would hold", async () => {
    const steps = await tried();
    expect([...steps.values()].map((step) => `${step.name} ${step.verdict}`)).toEqual([
      ...["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"].map(
        (name) => `${name} passed`,
      ),
    ]);
    expect(steps.get("count")?.detail).toBe(`${MANY + 8} people and 5 groups`);
    const { users } = await readAll(connector());
    for (const { id, name } of steps.get("users")?.samples ?? []) expect(users.get(id)?.userName).toBe(name);
  });

  it("tells referrals, and what is outside", async () => {
    const steps = await tried({ base: DOMAIN });
    expect(steps.get("count")?.detail).toMatch(/referrals to other servers are not followed/);
    // Members of built-in groups are well-known strangers of other places.
    expect(steps.get("members")?.verdict).toBe("warned");
  });

  it("names the base that there is", async () => {
    const { verdict, hint } = (await tried({ base: "dc=example,dc=com" })).get("base") ?? {};
    expect({ verdict, hint }).toMatchObject({ verdict: "failed", hint: expect.stringContaining(DOMAIN) });
  });

  it.each([
    ["anna", "wrong", "the name or the password is wrong"],
    ["ben", PASSWORD, "the account is disabled"],
    ["cleo", PASSWORD, "the account has expired"],
    ["gina", PASSWORD, "the password must be changed before the first use"],
  ])("says why %s cannot read with %s", async (name, password, why) => {
    const { verdict, detail, hint } = (await tried({ bindDn: `${name}@ad.example.test` }, password)).get("bind") ?? {};
    expect({ verdict, detail }).toMatchObject({ verdict: "failed", detail: expect.stringContaining(why) });
    expect(hint).not.toBeNull();
  });

  it("says that too many wrong passwords lock an account, which takes nobody's access away", async () => {
    const bindDn = "finn@ad.example.test";
    for (let attempt = 0; attempt < 4; attempt++) await tried({ bindDn }, "wrong");
    expect((await tried({ bindDn })).get("bind")?.detail).toContain("the account is locked");
    const { users } = await readAll(connector());
    expect([...users.values()].find((found) => found.userName === bindDn)?.active).toBe(true);
  });
});

describe("where ordinary users may not see who is switched off (Samba)", () => {
  const OLD = `CN=Pre-Windows 2000 Compatible Access,CN=Builtin,${DOMAIN}`;
  const EVERYBODY = `CN=S-1-5-11,CN=ForeignSecurityPrincipals,${DOMAIN}`;

  it("nobody is read, neither whole nor by changes, and the test names the right", async () => {
    const { changes } = connector();
    const mark = (await changes?.mark(new AbortController().signal)) ?? "";
    await asAdmin(server, async (client) => {
      await removeMembers(client, OLD, [EVERYBODY]);
      await setValue(client, `CN=ben,${COMPANY}`, "mail", "ben.able@example.com");
    });
    try {
      const hidden = { code: "incomplete", message: expect.stringContaining("userAccountControl") };
      await expect(readAll(connector())).rejects.toMatchObject(hidden);
      // Samba tells such a reader of no change at all.
      expect((await delta(changes, mark)).users).toEqual([]);
      const { verdict, hint } = (await tried()).get("users") ?? {};
      expect({ verdict, hint }).toMatchObject({
        verdict: "failed",
        hint: expect.stringContaining("Read Account Restrictions"),
      });
    } finally {
      await asAdmin(server, async (client) => {
        await addMembers(client, OLD, [EVERYBODY]);
        await setValue(client, `CN=ben,${COMPANY}`, "mail", "ben@example.com");
      });
    }
    expect((await readAll(connector())).proof.users).toBe(MANY + 8);
  });
});

describe("the delta lane of Active Directory (Samba)", () => {
  it("tells an ordinary reader what was added and changed, moves included, and nothing of what is gone", async () => {
    const changes = connector().changes;
    const mark = (await changes?.mark(new AbortController().signal)) ?? "";
    expect(JSON.parse(mark).at.lane).toBe("dir-sync");
    const nothing = await delta(changes, mark);
    expect(nothing.pages).toEqual([]);

    await asAdmin(server, async (client) => {
      await setValue(client, `CN=anna,${COMPANY}`, "mail", "anna.able@example.com");
      await client.modifyDN(`CN=emil,${COMPANY}`, `CN=emil e,${COMPANY}`);
      await client.add(`CN=newcomers,${COMPANY}`, { objectClass: "group", sAMAccountName: "newcomers" });
      await addMembers(client, `CN=newcomers,${COMPANY}`, [`CN=finn,${COMPANY}`, `CN=outer,${COMPANY}`]);
    });
    const first = await delta(changes, nothing.mark);
    const { users, groups } = await readAll(connector());
    const nameOf = (id: string) => users.get(id)?.userName ?? groups.get(id)?.name;
    expect(first.users.map((found) => [nameOf(found.id), found.email]).sort()).toEqual([
      ["anna@ad.example.test", "anna.able@example.com"],
      ["emil@ad.example.test", "emil@example.com"],
    ]);
    const newcomers = first.members.filter((part) => nameOf(part.group) === "newcomers");
    expect(newcomers.flatMap((part) => [...part.users, ...part.groups].map(nameOf)).sort()).toEqual([
      "finn@ad.example.test",
      "outer",
    ]);

    await asAdmin(server, async (client) => {
      await client.del(`CN=newcomers,${COMPANY}`);
      await client.modifyDN(`CN=emil e,${COMPANY}`, `CN=emil,${COMPANY}`);
    });
    const second = await delta(changes, first.mark);
    expect(second.groups).toEqual([]);
    expect(second.users.map((found) => found.location)).toEqual([`CN=emil,${COMPANY}`]);
  });

  it("takes no mark of other settings, of another server, or of nothing", async () => {
    const mark = (await connector().changes?.mark(new AbortController().signal)) ?? "";
    const other = { ...JSON.parse(mark), server: "CN=NTDS Settings,CN=DC2" };
    for (const [settings, text] of [
      [{ userFilter: "(objectClass=person)" }, mark],
      [{}, JSON.stringify(other)],
      [{}, "yesterday"],
      [
        { url: samba.catalogUrl },
        (await connector({ url: samba.catalogUrl }).changes?.mark(new AbortController().signal)) ?? "",
      ],
    ] as const)
      await expect(delta(connector(settings).changes, text)).rejects.toMatchObject({ code: "incomplete" });
  });
});

const dialect: Dialect = {
  settings: {
    vendor: "active-directory",
    attributes: { id: "adminDescription", userName: "employeeNumber", groupName: "description" },
  },
  person: ({ id, userName, active, email, displayName, givenName, familyName }, place, base) => ({
    dn: `CN=p${place},${base}`,
    attributes: {
      objectClass: ["user"],
      // The fake is asked for both.
      sAMAccountName: [`p${place}`],
      ...(id === null ? {} : { adminDescription: [id] }),
      ...(userName === null ? {} : { employeeNumber: [userName] }),
      mail: [email],
      displayName: [displayName],
      givenName: [givenName],
      sn: [familyName],
      // Enabled or not, and no password needed.
      userAccountControl: [active ? "544" : "546"],
    },
  }),
  group: ({ id, name }, members, base) => ({
    dn: `CN=g${id.slice(-6)},${base}`,
    attributes: {
      objectClass: ["group"],
      sAMAccountName: [`g${id.slice(-6)}`],
      adminDescription: [id],
      description: [name],
      groupType: ["-2147483640"],
      ...(members.length === 0 ? {} : { member: members }),
    },
  }),
};

describeConnector(
  "ldap on Samba",
  liveAdapter(() => server, DOMAIN, dialect),
);

/** A session that asks for a hundred members at a time; `asked` gets what it asks for after the first hundred. */
function hundredByHundred(session: LdapSession, asked: string[]): LdapSession {
  const limited = (attribute: string): string => {
    const from = /^member(?:;range=(\d+)-\*)?$/.exec(attribute);
    if (from === null) return attribute;
    const start = Number(from[1] ?? 0);
    if (start > 0) asked.push(`member;range=${start}-${start + 99}`);
    return `member;range=${start}-${start + 99}`;
  };
  return {
    ...session,
    pages: (search) => session.pages({ ...search, attributes: search.attributes.map(limited) }),
    entry: (dn, attributes, filter) => session.entry(dn, attributes.map(limited), filter),
  };
}
