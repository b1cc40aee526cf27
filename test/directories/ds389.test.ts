import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { describeConnector } from "../connectors/conformance.ts";
import { failureOf, membersByName, readAll } from "../connectors/ldap/read-all.ts";
import { tried as trySettings } from "../connectors/ldap/tried.ts";
import { type RunningDs389, startDs389 } from "../harness/ds389.ts";
import { generateLdif } from "../harness/ldif-generator.ts";
import { delta } from "./delta.ts";
import { addMembers, asAdmin, type Dialect, liveAdapter, type Server, setValue } from "./live.ts";

const SUFFIX = "dc=example,dc=com";
const READER = { dn: `cn=muster,ou=services,${SUFFIX}`, password: "reader-secret" };
const LIMITED = { dn: `cn=limited,ou=services,${SUFFIX}`, password: "limited-secret" };
const HALF_BLIND = { dn: `cn=half-blind,ou=services,${SUFFIX}`, password: "half-blind-secret" };
const big = generateLdif({ users: 1200, groups: 20, members: 10, seed: 7 });

const service = ({ dn, password }: typeof READER): string =>
  `dn: ${dn}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: ${/cn=([^,]+)/.exec(dn)?.[1]}\nuserPassword: ${password}\n`;
const aci = (name: string, what: string, who: string): string =>
  `aci: (targetattr="${what}")(version 3.0; acl "${name}"; allow (read, search, compare) userdn="ldap:///${who}";)`;

/** The generated company, with who may read it: the reader all of it, the half-blind one four people. */
function ldif(): string {
  const [top = "", ...rest] = big.ldif.split("\n\n");
  const rights = [
    aci("reader", "*", READER.dn),
    aci("limited", "*", LIMITED.dn),
    `aci: (target="ldap:///uid=u1*,ou=people,${SUFFIX}")(targetfilter="(|(uid=u1)(uid=u10)(uid=u11)(uid=u12))")(targetattr="*")(version 3.0; acl "half-blind"; allow (read, search, compare) userdn="ldap:///${HALF_BLIND.dn}";)`,
  ];
  const folder = `dn: ou=folder,${SUFFIX}\nobjectClass: organizationalUnit\nou: folder\n`;
  return [`${top}\n${rights.join("\n")}`, ...rest, folder, service(LIMITED), service(HALF_BLIND)].join("\n\n");
}

let ds: RunningDs389;
let server: Server;
beforeAll(async () => {
  ds = await startDs389(ldif());
  server = { url: ds.url, admin: { dn: ds.rootDn, password: ds.rootPassword }, reader: READER };
  await asAdmin(server, async (client) => {
    await setValue(client, LIMITED.dn, "nsSizeLimit", "500");
    await setValue(client, LIMITED.dn, "nsPagedSizeLimit", "500");
  });
});
afterAll(() => ds?.stop());

function connector(settings: object = {}, reader = READER) {
  return ldapConnector({ url: ds.url, bindDn: reader.dn, base: SUFFIX, ...settings }, reader.password);
}

function tried(settings: object = {}, reader = READER) {
  return trySettings(connector(settings, reader));
}

describe("reading 389 Directory Server", () => {
  it("listens on loopback alone", () => {
    expect(ds.places).toHaveLength(1);
    expect(ds.places[0]).toMatch(/^tcp 0100007F:\d+$/);
  });

  it("gives everybody by nsUniqueId, although its cookie is always the same", async () => {
    const read = await readAll(connector({ pageSize: 100 }));
    expect(read.proof).toMatchObject({
      users: 1200,
      groups: 20,
      memberships: big.memberships,
      boundAs: READER.dn,
      oddityCount: 0,
    });
    for (const id of read.users.keys()) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{8}){3}$/);
    // Every tenth group holds the next one, and holds it as a group.
    expect(membersByName(read).g0).toContain("g1");
  });

  it("knows who is locked, and keeps the id through a rename and a move", async () => {
    const dn = `uid=u7,ou=people,${SUFFIX}`;
    const before = [...(await readAll(connector())).users.values()].find((found) => found.userName === "u7");
    await asAdmin(server, async (client) => {
      await setValue(client, dn, "nsAccountLock", "true");
      await client.modifyDN(dn, `uid=seven,ou=folder,${SUFFIX}`);
    });
    const { users } = await readAll(connector());
    expect(users.get(before?.id ?? "")).toMatchObject({ userName: "seven", active: false });
    expect([...users.values()].filter((found) => !found.active)).toHaveLength(1);
    await asAdmin(server, async (client) => {
      await setValue(client, `uid=seven,ou=folder,${SUFFIX}`, "nsAccountLock", "false");
      await client.modifyDN(`uid=seven,ou=folder,${SUFFIX}`, dn);
    });
    const back = (await readAll(connector())).users.get(before?.id ?? "");
    expect(back).toMatchObject({ userName: "u7", active: true });
  });

  it("is not read by who meets a limit; what the hint says lifts it", async () => {
    expect(await failureOf(connector({}, LIMITED))).toMatchObject({ code: "limit" });
    const { verdict, hint } = (await tried({}, LIMITED)).get("count") ?? {};
    expect(verdict).toBe("failed");
    const [, entry = "", names = ""] = /^set on the entry (.+?): (.+), each -1$/.exec(hint ?? "") ?? [];
    await asAdmin(server, async (client) => {
      for (const name of names.split(/, | and /)) await setValue(client, entry, name, "-1");
    });
    expect((await readAll(connector({}, LIMITED))).proof.users).toBe(1200);
  });

  it("answers success to a reader who may see four, and the numbers say so", async () => {
    const read = await readAll(connector({}, HALF_BLIND));
    expect(read.proof).toMatchObject({ users: 4, groups: 0 });
    const steps = await tried({}, HALF_BLIND);
    expect(steps.get("count")?.detail).toBe("4 people and 0 groups");
    expect(steps.get("groups")).toMatchObject({ verdict: "warned" });
  });

  it("passes when its settings are tried", async () => {
    const steps = await tried();
    expect([...steps.values()].filter((step) => step.verdict !== "passed")).toEqual([]);
    expect(steps.get("bind")?.detail).toContain("389 Directory Server");
    expect(steps.get("count")?.detail).toBe("1200 people and 20 groups");
    expect((await tried({ base: "dc=other,dc=com" })).get("base")?.hint).toContain(SUFFIX);
  });
});

describe("the delta lane of 389 Directory Server", () => {
  it("tells what was added and changed by the server's own times", async () => {
    const { changes } = connector();
    const mark = (await changes?.mark(new AbortController().signal)) ?? "";
    const { lane, from } = JSON.parse(mark).at;
    expect(lane).toBe("times");
    // The server has just been filled, so that its clock and the overlap show everything: ask from its next second on.
    const later = JSON.stringify({ ...JSON.parse(mark), at: { lane, from: from + 300 + 1 } });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await asAdmin(server, async (client) => {
      await setValue(client, `uid=u5,ou=people,${SUFFIX}`, "mail", "five@example.com");
      await client.add(`cn=newcomers,ou=groups,${SUFFIX}`, { objectClass: ["groupOfNames"], cn: ["newcomers"] });
      await addMembers(client, `cn=newcomers,ou=groups,${SUFFIX}`, [
        `uid=u9,ou=people,${SUFFIX}`,
        `cn=g3,ou=groups,${SUFFIX}`,
      ]);
    });
    const { users, groups } = await readAll(connector());
    const nameOf = (id: string) => users.get(id)?.userName ?? groups.get(id)?.name;
    const found = await delta(changes, later);
    expect(found.users.map((user) => [user.userName, user.email])).toContainEqual(["u5", "five@example.com"]);
    expect(found.users.length).toBeLessThan(10);
    const newcomers = found.members.filter((part) => nameOf(part.group) === "newcomers");
    expect(newcomers.flatMap((part) => [...part.users, ...part.groups].map(nameOf)).sort()).toEqual(["g3", "u9"]);
    await asAdmin(server, (client) => client.del(`cn=newcomers,ou=groups,${SUFFIX}`));
    expect((await delta(changes, later)).groups).toEqual([]);
  });
});

const dialect: Dialect = {
  settings: {
    vendor: "389-directory-server",
    attributes: { id: "description", userName: "employeeNumber", groupName: "businessCategory" },
  },
  person: ({ id, userName, active, email, displayName, givenName, familyName }, place, base) => ({
    dn: `uid=p${place},${base}`,
    attributes: {
      objectClass: ["inetOrgPerson"],
      uid: [`p${place}`],
      cn: [`p${place}`],
      ...(id === null ? {} : { description: [id] }),
      ...(userName === null ? {} : { employeeNumber: [userName] }),
      mail: [email],
      displayName: [displayName],
      givenName: [givenName],
      sn: [familyName],
      ...(active ? {} : { nsAccountLock: ["true"] }),
    },
  }),
  group: ({ id, name }, members, base) => ({
    dn: `cn=g${id.slice(-6)},${base}`,
    attributes: {
      objectClass: ["groupOfNames"],
      cn: [`g${id.slice(-6)}`],
      description: [id],
      businessCategory: [name],
      ...(members.length === 0 ? {} : { member: members }),
    },
  }),
};

describeConnector(
  "ldap on 389 Directory Server",
  liveAdapter(() => server, `ou=folder,${SUFFIX}`, dialect),
);
