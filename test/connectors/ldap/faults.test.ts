import v8 from "node:v8";
import vm from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { FAULTS, type FakeEntry, type FakeLdap, type FakeOptions, startFakeLdap } from "../../harness/fake-ldap.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { failureOf, membersByName, readAll } from "./read-all.ts";

const BASE = "dc=example,dc=com";

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

function person(number: number): FakeEntry {
  return {
    dn: `uid=p${number},ou=people,${BASE}`,
    attributes: {
      entryUUID: [uuid(number)],
      uid: [`p${number}`],
      cn: [`Person ${number}`],
      mail: [`p${number}@example.com`],
    },
  };
}

function group(number: number, members: readonly string[]): FakeEntry {
  return {
    dn: `cn=g${number},ou=groups,${BASE}`,
    attributes: { entryUUID: [uuid(1000 + number)], cn: [`g${number}`], member: members },
  };
}

const people = [1, 2, 3, 4, 5, 6, 7].map(person);
const groups = [
  group(1, [people[0]?.dn ?? "", people[6]?.dn ?? ""]),
  group(2, [`cn=g3,ou=groups,${BASE}`, people[1]?.dn ?? ""]),
  group(3, [people[2]?.dn ?? ""]),
];
/** Two groups a page and two people a page: 2 pages of groups, 4 of people, 2 of members. */
const PAGES = 8;

let server: FakeLdap | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function connector(options: Partial<FakeOptions> = {}, settings: object = {}) {
  server = await startFakeLdap({ users: people, groups, ...options });
  return ldapConnector({ url: server.url, bindDn: "cn=reader", base: BASE, pageSize: 2, ...settings }, "secret");
}

describe("a server that keeps to the protocol in its own way", () => {
  it("is read whole", async () => {
    const read = await readAll(await connector());
    expect(read.proof).toMatchObject({
      users: 7,
      groups: 3,
      memberships: 5,
      pages: PAGES,
      boundAs: "cn=reader",
      oddityCount: 0,
    });
    expect(membersByName(read)).toEqual({ g1: ["p1", "p7"], g2: ["g3", "p2"], g3: ["p3"] });
    expect(server?.connections).toBe(1);
  });

  it("is read whole through empty pages, which are no end (RFC 2696 §3)", async () => {
    const read = await readAll(await connector({ emptyPages: true }));
    expect(read.proof).toMatchObject({ users: 7, groups: 3, memberships: 5, pages: 2 * PAGES });
  });

  it("is read whole although its cookie never changes", async () => {
    expect((await readAll(await connector({ constantCookie: true }))).proof).toMatchObject({
      users: 7,
      groups: 3,
      memberships: 5,
    });
  });

  it("need not say who is bound", async () => {
    expect((await readAll(await connector({ identities: null }))).proof).toMatchObject({
      users: 7,
      boundAs: "cn=reader",
    });
  });

  it("may mention other servers, which is noted once each", async () => {
    const referrals = ["ldap://other.example.com/DC=other"];
    const read = await readAll(await connector({ referrals }));
    expect(read.proof.users).toBe(7);
    expect(read.proof.oddities.map((oddity) => [oddity.code, oddity.location])).toContainEqual([
      "referral",
      referrals[0],
    ]);
  });

  it("may give long lists of members in ranges", async () => {
    const many = Array.from({ length: 3501 }, (_, number) => person(number + 1));
    const big = group(
      1,
      many.map((found) => found.dn),
    );
    const read = await readAll(await connector({ users: many, groups: [big], rangeSize: 1500 }, { pageSize: 1000 }));
    expect(read.proof).toMatchObject({ users: 3501, memberships: 3501 });
    expect(read.members.get(uuid(1001))?.size).toBe(3501);
    expect(read.pages.every((page) => (page.members ?? []).every((part) => part.users.length <= 1000))).toBe(true);
  });

  it("may give smaller pages than it was asked for", async () => {
    const read = await readAll(await connector({ maxPageSize: 2 }, { pageSize: 5000 }));
    expect(read.proof).toMatchObject({ users: 7, groups: 3, memberships: 5, pages: PAGES });
  });

  it("may name members in an attribute of its own, or in several", async () => {
    const own = {
      ...group(1, []),
      attributes: { ...group(1, []).attributes, owner: [people[0]?.dn ?? ""], memberUid: ["p2"] },
    };
    const names = async (member: string | string[]) =>
      membersByName(await readAll(await connector({ groups: [own] }, { attributes: { member } })));
    expect(await names("owner")).toEqual({ g1: ["p1"] });
    await server?.stop();
    expect(await names(["owner", "memberUid"])).toEqual({ g1: ["p1", "p2"] });
  });

  it("gives exactly the length of one range without a second one", async () => {
    const many = Array.from({ length: 1500 }, (_, number) => person(number + 1));
    const read = await readAll(
      await connector(
        {
          users: many,
          groups: [
            group(
              1,
              many.map((found) => found.dn),
            ),
          ],
          rangeSize: 1500,
        },
        { pageSize: 1000 },
      ),
    );
    expect(read.proof.memberships).toBe(1500);
  });
});

describe("any fault at any page ends in an error, never in a proof", () => {
  for (const kind of FAULTS) {
    it(kind, async () => {
      for (let page = 1; page <= PAGES; page++) {
        const settings = kind === "silence" || kind === "slow-drip" ? { pageSeconds: 0.2 } : {};
        const error = await failureOf(await connector({ fault: { page, kind } }, settings));
        expect
          .soft(error.code, `page ${page}: ${error.message}`)
          .toMatch(/^(unreachable|protocol|incomplete|limit|configuration)$/);
        expect(error.message).not.toContain("secret");
        expect(server?.connections).toBe(1);
        await server?.stop();
      }
    });
  }

  it.each(["missing", "gap", "short", "empty"] as const)("a range of members that is %s", async (rangeFault) => {
    const error = await failureOf(
      await connector({
        groups: [
          group(
            1,
            people.map((found) => found.dn),
          ),
        ],
        rangeSize: 3,
        rangeFault,
      }),
    );
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("member");
  });

  it("the same reader no more at the end", async () => {
    const error = await failureOf(await connector({ identities: ["dn:cn=reader", "dn:cn=somebody"] }));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("somebody");
  });

  it.each([[["dn:cn=reader", ""]], [[""]]])("anonymous (%j)", async (identities) => {
    expect(await failureOf(await connector({ identities }))).toMatchObject({ code: "credentials" });
  });

  it("nothing but referrals", async () => {
    const error = await failureOf(await connector({ users: [], referrals: ["ldap://other.example.com/"] }));
    expect(error).toMatchObject({ code: "incomplete" });
  });

  it("an id that two entries have", async () => {
    const twin = { ...person(8), attributes: { ...person(8).attributes, entryUUID: [uuid(2)] } };
    const error = await failureOf(await connector({ users: [...people, twin] }));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("uid=p8");
  });

  it("two entries whose names are the same", async () => {
    const twin = { ...person(8), dn: `UID=P2, ou=people,${BASE}` };
    expect(await failureOf(await connector({ users: [...people, twin] }))).toMatchObject({ code: "incomplete" });
  });

  it.each([[[]], [["not-a-uuid"]], [[uuid(8), uuid(9)]]])(
    "an entry whose id is %j, since it may be somebody that is held",
    async (entryUUID) => {
      const blank = { ...person(8), attributes: { ...person(8).attributes, entryUUID } };
      const error = await failureOf(await connector({ users: [...people, blank] }));
      expect(error).toMatchObject({ code: "incomplete" });
      expect(error.message).toContain("uid=p8");
    },
  );

  it("no id anywhere, which is a wrong setting", async () => {
    const error = await failureOf(await connector({}, { attributes: { id: "nsUniqueId" } }));
    expect(error).toMatchObject({ code: "configuration" });
    expect(error.message).toContain("nsUniqueId");
  });

  it("a name that is no name", async () => {
    expect(await failureOf(await connector({ users: [...people, { ...person(8), dn: "p8" }] }))).toMatchObject({
      code: "protocol",
    });
  });

  it("a member that was renamed between the searches", async () => {
    // The group says the new name, which no search gave; the server says that it is a person who was read under the old one.
    const renamed = { ...person(2), dn: `uid=after,ou=people,${BASE}` };
    const error = await failureOf(
      await connector({ groups: [group(1, [renamed.dn])], elsewhere: { [renamed.dn]: renamed } }),
    );
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("uid=after");
  });

  it("the connection dead after any byte", async () => {
    await readAll(await connector());
    const total = server?.sent ?? 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(total - 1), async (cutAfterBytes) => {
        await server?.stop();
        const error = await failureOf(await connector({ cutAfterBytes }));
        expect(error.code).toBe("unreachable");
      }),
      { numRuns: scaled(1000), seed },
    );
  });

  it("any byte lost", async () => {
    await readAll(await connector());
    const total = server?.sent ?? 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(total - 1), async (loseByte) => {
        await server?.stop();
        const error = await failureOf(await connector({ loseByte }, { pageSeconds: 0.2, connectSeconds: 0.2 }));
        expect(error.code).toMatch(/^(unreachable|protocol)$/);
      }),
      { numRuns: scaled(300), seed },
    );
  });
});

describe("what a read may find odd and still prove", () => {
  it("a person without a user name is named with the id, and is in no group", async () => {
    const nameless = { dn: `cn=x,ou=people,${BASE}`, attributes: { entryUUID: [uuid(8)], cn: ["x"] } };
    const read = await readAll(
      await connector({ users: [...people, nameless], groups: [group(1, [nameless.dn, people[0]?.dn ?? ""])] }),
    );
    expect(read.proof).toMatchObject({ users: 7, memberships: 1, oddityCount: 1 });
    expect(read.proof.oddities).toEqual([
      { code: "no-user-name", location: nameless.dn, detail: "has no uid", id: uuid(8) },
    ]);
  });

  it("a member under a spelling that only the server knows is found by asking it", async () => {
    const spelling = `telephoneNumber=+1 555-0100,ou=people,${BASE}`.replace("+", "\\+");
    const read = await readAll(
      await connector({ groups: [group(1, [spelling])], elsewhere: { [spelling]: person(2) } }),
    );
    expect(membersByName(read)).toEqual({ g1: ["p2"] });
  });

  it("two people of one user name are both given out (T23)", async () => {
    const twin = { ...person(8), attributes: { ...person(8).attributes, uid: ["P1"] } };
    const read = await readAll(await connector({ users: [...people, twin] }));
    expect([...read.users.values()].filter((user) => user.userName.toLowerCase() === "p1")).toHaveLength(2);
  });

  it("members that are elsewhere are counted, and at most a thousand are named", async () => {
    const strangers = Array.from({ length: 1200 }, (_, number) => `uid=s${number},dc=elsewhere`);
    const read = await readAll(await connector({ groups: [group(1, [...strangers, "no name", people[0]?.dn ?? ""])] }));
    expect(read.proof).toMatchObject({ memberships: 1, oddityCount: 1201 });
    expect(read.proof.oddities).toHaveLength(1000);
  });

  it("a uid that two people have makes nobody a member", async () => {
    const posix = { ...group(1, []), attributes: { ...group(1, []).attributes, memberUid: ["p1", "p2", "nobody"] } };
    const twin = { ...person(8), attributes: { ...person(8).attributes, uid: ["P1"] } };
    const read = await readAll(await connector({ users: [...people, twin], groups: [posix] }));
    expect(membersByName(read)).toEqual({ g1: ["p2"] });
    expect(read.proof.oddityCount).toBe(2);
  });

  it("values that are no text are as good as absent", async () => {
    const odd = {
      ...person(8),
      attributes: { ...person(8).attributes, mail: [Buffer.from([0xff, 0xfe])], cn: ["a\0b"] },
    };
    const read = await readAll(await connector({ users: [...people, odd] }));
    expect(read.users.get(uuid(8))).toMatchObject({ email: null, displayName: null, userName: "p8" });
  });
});

describe("the reader may be stopped", () => {
  it("before it connects", async () => {
    expect(await failureOf(await connector(), AbortSignal.abort())).toMatchObject({ code: "cancelled" });
    expect(server?.connections).toBe(0);
  });

  it("while the server is silent", async () => {
    const stop = new AbortController();
    const reading = failureOf(await connector({ fault: { page: 3, kind: "silence" } }), stop.signal);
    while ((server?.pages ?? 0) < 3) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await reading).toMatchObject({ code: "cancelled" });
  });

  it("between pages, and the connection goes with it", async () => {
    const pages = (await connector()).read(new AbortController().signal);
    await pages.next();
    await pages.return({ users: 0, groups: 0, memberships: 0, pages: 0, boundAs: "", oddities: [], oddityCount: 0 });
    expect(await pages.next()).toEqual({ done: true, value: undefined });
  });
});

describe("memory", () => {
  it("holds ids and names of what was read, not the entries", async () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc") as () => void;
    const held = async (): Promise<number> => {
      for (let round = 0; round < 3; round++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    // One value of 8 kB for all: the server holds it once, 5,000 answers hold 40 MB of it.
    const displayName = "x".repeat(8192);
    const many = Array.from({ length: 5000 }, (_, number) => {
      const { dn, attributes } = person(number + 1);
      return { dn, attributes: { ...attributes, displayName: [displayName] } };
    });
    const pages = (await connector({ users: many, groups: [] }, { pageSize: 100 })).read(new AbortController().signal);
    await pages.next();
    const before = await held();
    for (let page = 1; page < 50; page++) await pages.next();
    expect(((await held()) - before) / 1e6).toBeLessThan(15);
    expect((await pages.next()).value).toMatchObject({ users: 5000 });
  });
});

describe("binding", () => {
  it.each([
    ["80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v4563", "credentials"],
    ["", "credentials"],
  ])("refused with %j", async (text, code) => {
    expect(await failureOf(await connector({ bindResult: { code: 49, text } }))).toMatchObject({ code });
  });

  it("says that the server wants encryption", async () => {
    const error = await failureOf(await connector({ bindResult: { code: 13, text: "confidentiality required" } }));
    expect(error).toMatchObject({ code: "tls" });
    expect(error.message).toContain("startTls");
  });

  it.each(["refused", "plain"] as const)("never sends the password when StartTLS is %s", async (startTls) => {
    const error = await failureOf(await connector({ startTls }, { startTls: true, connectSeconds: 0.5 }));
    expect(error.code).toMatch(/^(tls|unreachable)$/);
    expect(Buffer.concat(server?.received ?? []).includes("secret")).toBe(false);
    expect(server?.connections).toBe(1);
  });
});

describe("Active Directory", () => {
  const sid = (last: number): Buffer => {
    const bytes = Buffer.from("010500000000000515000000aaaaaaaabbbbbbbbcccccccc00000000", "hex");
    bytes.writeUInt32LE(last, 24);
    return bytes;
  };
  const guid = (last: number): Buffer =>
    Buffer.from(`33221100554477668899aabbccddee${last.toString(16).padStart(2, "0")}`, "hex");

  it("is told by its root entry; its ids, switched-off accounts and primary groups are read", async () => {
    const user = (number: number, attributes: FakeEntry["attributes"]): FakeEntry => ({
      dn: `CN=User ${number},CN=Users,DC=example,DC=com`,
      attributes: {
        objectGUID: [guid(number)],
        objectSid: [sid(1100 + number)],
        userPrincipalName: [`u${number}@example.com`],
        primaryGroupID: ["513"],
        ...attributes,
      },
    });
    const read = await readAll(
      await connector({
        root: { forestFunctionality: ["7"], supportedCapabilities: ["1.2.840.113556.1.4.800"] },
        users: [
          user(1, { userAccountControl: ["512"], accountExpires: ["9223372036854775807"] }),
          user(2, { userAccountControl: ["514"] }),
          user(3, { userAccountControl: ["512"], accountExpires: ["132223104000000000"] }),
          user(4, { userAccountControl: ["66048"], accountExpires: ["0"], primaryGroupID: ["515"] }),
        ],
        groups: [
          {
            dn: "CN=Domain Users,CN=Users,DC=example,DC=com",
            attributes: { objectGUID: [guid(99)], objectSid: [sid(513)], cn: ["Domain Users"] },
          },
        ],
      }),
    );
    expect([...read.users.keys()][0]).toBe("00112233-4455-6677-8899-aabbccddee01");
    expect([...read.users.values()].map((user) => user.active)).toEqual([true, false, false, true]);
    expect(membersByName(read)).toEqual({ "Domain Users": ["u1@example.com", "u2@example.com", "u3@example.com"] });
    expect(read.proof.memberships).toBe(3);
  });
});
