import { Attribute, Change, Client } from "ldapts";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Connector, Page } from "../../../connectors/connector.ts";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { type FAULTS, type FakeEntry, type FakeOptions, startFakeLdap } from "../../harness/fake-ldap.ts";
import { generateLdif } from "../../harness/ldif-generator.ts";
import { type RunningSlapd, startSlapd } from "../../harness/slapd.ts";
import { describeWithSlapd } from "../../harness/slapd-suite.ts";
import { readAll } from "./read-all.ts";

const BASE = "dc=example,dc=com";
const READER = `cn=muster,ou=services,${BASE}`;
const signal = new AbortController().signal;

async function delta({ changes }: Connector, mark: string) {
  if (changes === undefined) throw new Error("there is no delta lane");
  const pages: Page[] = [];
  const reading = changes.since(mark, signal);
  for (;;) {
    const next = await reading.next();
    if (next.done) return { pages, users: pages.flatMap((page) => page.users ?? []), mark: next.value };
    pages.push(next.value);
  }
}

const markOf = async ({ changes }: Connector): Promise<string> => (await changes?.mark(signal)) ?? "";
const laneOf = (mark: string): { lane: string; from: number; why: string } => JSON.parse(mark).at;
/** The mark as it would be some seconds later, so that what stood before need not come again. */
const later = (mark: string, seconds: number): string =>
  JSON.stringify({ ...JSON.parse(mark), at: { lane: "times", from: laneOf(mark).from + seconds } });

describeWithSlapd("what changed in OpenLDAP", (slapd) => {
  const { ldif } = generateLdif({ users: 50, groups: 5, members: 6, seed: 2 });

  async function started(database: readonly string[] = []): Promise<{ server: RunningSlapd; connector: Connector }> {
    const server = await startSlapd(slapd, { ldif: [ldif], database });
    onTestFinished(() => server.stop());
    const settings = { url: server.url, bindDn: READER, base: BASE, pageSize: 10 };
    return { server, connector: ldapConnector(settings, "reader-secret") };
  }

  async function asAdmin(server: RunningSlapd, work: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client({ url: server.url });
    await client.bind(server.rootDn, server.rootPassword);
    await work(client).finally(() => client.unbind());
  }

  const set = (type: string, values: string[]): Change =>
    new Change({ operation: "replace", modification: new Attribute({ type, values }) });

  it.each([
    ["by the time of its last change", ["overlay syncprov"]],
    ["by the latest time of any entry", []],
  ])("is told since a mark %s, with the members of groups that changed", async (_, database) => {
    const { server, connector } = await started(database);
    const mark = await markOf(connector);
    expect(laneOf(mark).lane).toBe("times");
    // The mark is some minutes before the last change: everything was loaded just now.
    expect((await delta(connector, mark)).users).toHaveLength(50);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const since = later(mark, 301);
    await asAdmin(server, async (client) => {
      await client.modify(`uid=u3,ou=people,${BASE}`, set("mail", ["three@example.com"]));
      await client.modifyDN(`uid=u4,ou=people,${BASE}`, "uid=four");
      await client.modify(
        `cn=g2,ou=groups,${BASE}`,
        set("member", [`uid=u9,ou=people,${BASE}`, `cn=g4,ou=groups,${BASE}`, "cn=x,dc=elsewhere"]),
      );
      await client.del(`uid=u5,ou=people,${BASE}`);
    });
    const found = await delta(connector, since);
    const { users, groups } = await readAll(connector);
    const nameOf = (id: string) => users.get(id)?.userName ?? groups.get(id)?.name ?? id;
    expect(found.users.map((user) => user.userName).sort()).toEqual(["four", "u3"]);
    expect(found.pages.flatMap((page) => page.groups ?? []).map((group) => group.name)).toEqual(["g2"]);
    const members = found.pages.flatMap((page) => page.members ?? []);
    expect(members.map((part) => [nameOf(part.group), part.users.map(nameOf), part.groups.map(nameOf)])).toEqual([
      ["g2", ["u9"], ["g4"]],
    ]);
    // The next mark never goes back, and stands some minutes before what was seen.
    expect(laneOf(found.mark).from).toBeGreaterThanOrEqual(laneOf(since).from);
    expect((await delta(connector, later(found.mark, 3600))).pages).toEqual([]);
  });

  it("makes nobody a member by a uid that somebody has who did not change, as a full read does not", async () => {
    const { server, connector } = await started();
    const people = [1, 2].map((unit) => `uid=twin,ou=unit${unit},ou=people,${BASE}`);
    const group = `cn=posix,ou=groups,${BASE}`;
    await asAdmin(server, async (client) => {
      for (const [at, dn] of people.entries()) {
        await client.add(dn.slice(dn.indexOf(",") + 1), { objectClass: "organizationalUnit", ou: `unit${at + 1}` });
        await client.add(dn, { objectClass: "inetOrgPerson", uid: "twin", cn: "Twin", sn: "Twin" });
      }
      await client.add(group, { objectClass: "posixGroup", cn: "posix", gidNumber: "7", memberUid: ["twin", "u1"] });
    });
    const mark = await markOf(connector);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await asAdmin(server, async (client) => {
      await client.modify(people[0] ?? "", set("mail", ["twin@example.com"]));
      await client.modify(group, set("description", ["changed"]));
    });
    const found = await delta(connector, later(mark, 301));
    const whole = await readAll(connector);
    const [id] = [...whole.groups.values()].flatMap(({ id, name }) => (name === "posix" ? id : []));
    expect(found.users.map((user) => user.userName)).toEqual(["twin"]);
    const members = found.pages.flatMap((page) => page.members ?? []).filter((part) => part.group === id);
    expect(members.flatMap((part) => part.users)).toEqual([...(whole.members.get(id ?? "") ?? [])]);
  });

  it("is not told to a mark of another server or other settings, nor out of one that is none", async () => {
    const { server, connector } = await started();
    const { server: other } = await started();
    const mark = await markOf(connector);
    const settings = { bindDn: READER, base: BASE };
    for (const [changed, text] of [
      [ldapConnector({ ...settings, pageSize: 10, url: other.url }, "reader-secret"), mark],
      [ldapConnector({ ...settings, url: server.url, userFilter: "(uid=u1)" }, "reader-secret"), mark],
      [connector, ""],
      [connector, "{}"],
      [connector, JSON.stringify({ ...JSON.parse(mark), at: { lane: "times", from: -1 } })],
    ] as const)
      await expect(delta(changed, text)).rejects.toMatchObject({ code: "incomplete" });
  });

  it("is not told where times are hidden from the reader: a mark can be had, and a full read is due", async () => {
    const { connector } = await started(["access to attrs=modifyTimestamp,contextCSN by * none"]);
    const mark = await markOf(connector);
    expect(laneOf(mark)).toMatchObject({ lane: "none", why: expect.stringContaining("modifyTimestamp") });
    await expect(delta(connector, mark)).rejects.toMatchObject({ code: "incomplete" });
  });
});

describe("what changed, where the server breaks off the search for it", () => {
  const users = [1, 2, 3].map((number) => ({
    dn: `uid=u${number},${BASE}`,
    attributes: {
      uid: [`u${number}`],
      entryUUID: [`00000000-0000-4000-8000-00000000000${number}`],
      modifyTimestamp: ["20260115120000Z"],
    },
  }));

  /** One page of groups, then two of people, of which the second goes wrong once the mark is taken. */
  async function broken(kind: (typeof FAULTS)[number]) {
    const options: FakeOptions = { users, groups: [] };
    const fake = await startFakeLdap(options);
    onTestFinished(() => fake.stop());
    const connector = ldapConnector({ url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 2 }, "secret");
    const mark = await markOf(connector);
    expect(laneOf(mark).lane).toBe("times");
    expect((await delta(connector, mark)).users).toHaveLength(3);
    options.fault = { page: 3, kind };
    return delta(connector, mark);
  }

  it.each(["time-limit", "admin-limit", "size-limit", "referral-result"] as const)(
    "by %s, a full read is due",
    async (kind) => {
      await expect(broken(kind)).rejects.toMatchObject({
        code: "incomplete",
        message: expect.stringMatching(/LDAP result \d+.*a full read is due/),
      });
    },
  );

  it("for it is busy, nothing is due: the next run tries again", async () => {
    await expect(broken("busy")).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("what changed in Active Directory, where it is not told", () => {
  const root = { supportedCapabilities: ["1.2.840.113556.1.4.800"], namingContexts: [BASE] };
  const people: FakeEntry[] = [];

  async function connector(options: Partial<FakeOptions>, settings: object = {}): Promise<Connector> {
    const fake = await startFakeLdap({ users: people, groups: [], root, ...options });
    onTestFinished(() => fake.stop());
    return ldapConnector({ url: fake.url, bindDn: "cn=reader", base: BASE, ...settings }, "secret");
  }

  it.each([8, 12, 50, 53])("result %i closes the delta lane, not the directory", async (dirSyncResult) => {
    const refused = await connector({ dirSyncResult });
    const mark = await markOf(refused);
    expect(laneOf(mark).lane).toBe("none");
    await expect(delta(refused, mark)).rejects.toMatchObject({ code: "incomplete" });
    expect((await readAll(refused)).proof.users).toBe(0);
  });

  it("nor to a server that goes on as if nothing had been asked", async () => {
    await expect(markOf(await connector({}))).rejects.toMatchObject({ code: "incomplete" });
  });

  it("nor of two domains, or without the domain at its beginning", async () => {
    const outside = await connector({ dirSyncResult: 0 }, { groupBase: "dc=other,dc=com" });
    expect(laneOf(await markOf(outside))).toMatchObject({ lane: "none", why: expect.stringContaining("domain") });
  });
});
