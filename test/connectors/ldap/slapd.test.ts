import { readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { makeAuthority } from "../../harness/certificates.ts";
import { generateLdif } from "../../harness/ldif-generator.ts";
import { type RunningSlapd, startSlapd } from "../../harness/slapd.ts";
import { describeWithSlapd } from "../../harness/slapd-suite.ts";
import { failureOf, membersByName, readAll } from "./read-all.ts";

const company = await readFile(new URL("../../fixtures/ldif/company.ldif", import.meta.url), "utf8");
const READER = "cn=muster,ou=services,dc=example,dc=com";
const PASSWORD = "reader-secret";

/** She has been there for long; everybody else is made when the server is. */
const JENSEN = "dn: uid=bjensen,ou=people,dc=example,dc=com\n";

function connector(server: RunningSlapd, settings: object = {}, password = PASSWORD) {
  return ldapConnector(
    { url: server.url, bindDn: READER, base: server.suffix, attributes: { userName: "mail" }, ...settings },
    password,
  );
}

async function asAdmin(server: RunningSlapd, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ url: server.url });
  await client.bind(server.rootDn, server.rootPassword);
  try {
    await work(client);
  } finally {
    await client.unbind();
  }
}

function set(type: string, value: string): Change {
  return new Change({ operation: "replace", modification: new Attribute({ type, values: [value] }) });
}

describeWithSlapd("reading OpenLDAP", (slapd) => {
  describe("the company", () => {
    let server: RunningSlapd;
    beforeEach(async () => {
      server = await startSlapd(slapd, {
        ldif: [company.replace(JENSEN, `${JENSEN}createTimestamp: 20200101000000Z\n`)],
      });
    });
    afterEach(() => server.stop());

    it("is read whole, whatever the size of the pages", async () => {
      for (const pageSize of [1, 2, 5, 500]) {
        const read = await readAll(connector(server, { pageSize }));
        expect(read.proof).toMatchObject({
          users: 15,
          groups: 6,
          memberships: 18,
          boundAs: READER,
          oddities: [],
          oddityCount: 0,
        });
        expect(membersByName(read)).toEqual({
          engineering: [
            "akiyama@example.com",
            "amy.wong@example.com",
            "bjensen@example.com",
            "fabienne.moreau@example.com",
            "juergen.mueller@example.com",
          ],
          support: ["Daniela.Silva@Example.com", "chidi.okafor@example.com", "erik.lind@example.com"],
          contractors: [
            "joana.costa@partner.example.net",
            "karl.bauer@partner.example.net",
            "li.zhang@partner.example.net",
            "test.user@okta.local",
          ],
          operations: ["goran.novak@example.com", "hina.patel@example.com"],
          "wiki-admins": ["hina.patel@example.com", "wiki-editors-in-chief"],
          "wiki-editors-in-chief": ["ilse.roth@example.com", "wiki-admins"],
        });
      }
    });

    it("gives people as the directory has them", async () => {
      const { users } = await readAll(connector(server));
      const byName = new Map([...users.values()].map((user) => [user.userName, user]));
      expect(byName.get("juergen.mueller@example.com")).toMatchObject({
        active: true,
        email: "juergen.mueller@example.com",
        displayName: "Jürgen Müller",
        givenName: "Jürgen",
        familyName: "Müller",
        location: "cn=Jürgen Müller,ou=people,dc=example,dc=com",
      });
      expect(byName.get("bjensen@example.com")?.displayName).toBe("Babs Jensen");
      expect([...users.values()].filter((user) => !user.active).map((user) => user.userName)).toEqual([
        "fabienne.moreau@example.com",
      ]);
    });

    it("gives the same people where attributes are called by their second names", async () => {
      const second = {
        userName: "rfc822Mailbox",
        email: "RFC822MAILBOX",
        familyName: "surname",
        givenName: "gn",
        groupName: "commonName",
      };
      const { users, groups } = await readAll(connector(server, { attributes: second }));
      const first = await readAll(connector(server));
      expect([...users.values()]).toEqual([...first.users.values()]);
      expect([...groups.values()]).toEqual([...first.groups.values()]);
    });

    it("does not call itself complete without somebody who was away while their page was read, and is back", async () => {
      const [home, away] = ["ou=people", "ou=services"].map((unit) => `${unit},${server.suffix}`) as [string, string];
      const settings = { userBase: home, pageSize: 4 };
      /** Whom a read gives when she is away while the people are read. */
      const readWithout = async (dn: string): Promise<(string | null)[]> => {
        const rdn = dn.slice(0, dn.indexOf(","));
        await asAdmin(server, (client) => client.modifyDN(dn, `${rdn},${away}`));
        let isAway = true;
        const names: (string | null)[] = [];
        for await (const page of connector(server, settings).read(new AbortController().signal)) {
          names.push(...(page.users ?? []).map((user) => user.userName));
          if (!isAway || names.length < 14) continue;
          await asAdmin(server, (client) => client.modifyDN(`${rdn},${away}`, dn));
          isAway = false;
        }
        return names;
      };
      await expect(readWithout(`uid=bjensen,${home}`)).rejects.toMatchObject({
        code: "incomplete",
        message: expect.stringMatching(/uid=bjensen,.*moved/),
      });
      // Nobody could have met who was made meanwhile.
      await expect(readWithout(`uid=hpatel,${home}`)).resolves.not.toContain("hina.patel@example.com");
      // Who is left out by a filter is not missed.
      const filtered = await readAll(
        connector(server, { ...settings, userFilter: "(&(objectClass=inetOrgPerson)(!(uid=bjensen)))" }),
      );
      expect(filtered.proof.users).toBe(14);
    });

    it("gives the same people again under the same ids, also renamed and moved", async () => {
      const before = await readAll(connector(server));
      await asAdmin(server, async (client) => {
        await client.modifyDN(
          "uid=bjensen,ou=people,dc=example,dc=com",
          "uid=babs,ou=contractors,ou=people,dc=example,dc=com",
        );
        await client.modify("uid=babs,ou=contractors,ou=people,dc=example,dc=com", set("mail", "babs@example.com"));
        await client.modifyDN("cn=engineering,ou=groups,dc=example,dc=com", "cn=development");
      });
      const after = await readAll(connector(server));
      expect([...after.users.keys()].sort()).toEqual([...before.users.keys()].sort());
      expect([...after.groups.keys()].sort()).toEqual([...before.groups.keys()].sort());
      const id = [...before.users.values()].find((user) => user.userName === "bjensen@example.com")?.id ?? "";
      expect(after.users.get(id)).toMatchObject({
        userName: "babs@example.com",
        location: expect.stringContaining("contractors"),
      });
      // Nobody changed the group's list, so it still says the old name, which is now nobody's.
      expect(after.proof.oddities.map((oddity) => oddity.code)).toEqual(["unresolved-member"]);
    });

    it("knows who is switched off, and takes a lock after wrong passwords for none", async () => {
      await asAdmin(server, async (client) => {
        const lock = (uid: string, time: string): Promise<void> =>
          client.modify(`uid=${uid},ou=people,dc=example,dc=com`, set("pwdAccountLockedTime", time));
        await lock("elind", "000001010000Z");
        await lock("dsilva", "20260101120000Z");
      });
      const { users } = await readAll(connector(server));
      const off = [...users.values()].filter((user) => !user.active).map((user) => user.userName);
      expect(off.sort()).toEqual(["erik.lind@example.com", "fabienne.moreau@example.com"]);
    });

    it("can be read in part by base and filter; members outside are noted", async () => {
      const read = await readAll(
        connector(server, { userBase: "OU=Contractors, ou=people,dc=example,dc=com", groupFilter: "(cn=wiki-admins)" }),
      );
      expect(read.proof).toMatchObject({ users: 4, groups: 1, memberships: 0, oddityCount: 2 });
    });

    it("is not read by a wrong password, a wrong name or a wrong base", async () => {
      expect(await failureOf(connector(server, {}, "wrong"))).toMatchObject({ code: "credentials" });
      expect(await failureOf(connector(server, { bindDn: "cn=nobody,dc=example,dc=com" }))).toMatchObject({
        code: "credentials",
      });
      const error = await failureOf(connector(server, { base: "dc=other,dc=com" }));
      expect(error).toMatchObject({ code: "configuration" });
      expect(error.message).toContain("dc=other,dc=com");
    });

    it("is not read from a server that is gone", async () => {
      await server.kill();
      expect(await failureOf(connector(server))).toMatchObject({ code: "unreachable" });
    });

    it("is not read to an end when the server dies between two pages", async () => {
      for (let page = 1; page <= 6; page++) {
        const pages = connector(server, { pageSize: 4 }).read(new AbortController().signal);
        for (let read = 0; read < page; read++) expect((await pages.next()).done).toBe(false);
        await server.kill();
        await server.restart();
        // The page after may have been on its way already.
        const rest = async (): Promise<void> => {
          while (!(await pages.next()).done);
        };
        await expect(rest()).rejects.toMatchObject({ code: "unreachable" });
      }
    });
  });

  describe("limits and rights of the reader", () => {
    const big = generateLdif({ users: 1200, groups: 20, members: 10, seed: 7 });
    const settings = { attributes: {} };

    it("a directory of 1,200 people is read whole by who may", async () => {
      const server = await startSlapd(slapd, {
        ldif: [big.ldif],
        globals: ["sizelimit 500"],
        database: [`limits dn.exact="${READER}" size.soft=500 size.hard=500 size.prtotal=unlimited`],
      });
      try {
        const read = await readAll(connector(server, settings));
        expect(read.proof).toMatchObject({ users: 1200, groups: 20, memberships: big.memberships, oddityCount: 0 });
      } finally {
        await server.stop();
      }
    });

    it.each([
      ["everybody's limit", ["sizelimit 500"], []],
      ["the reader's own limit", [], [`limits dn.exact="${READER}" size.soft=500 size.hard=500 size.prtotal=1000`]],
      ["a limit without paging", [], [`limits dn.exact="${READER}" size.prtotal=disabled`]],
    ])("%s ends the read with an error, not with fewer people", async (_name, globals, database) => {
      const server = await startSlapd(slapd, { ldif: [big.ldif], globals, database });
      try {
        const error = await failureOf(connector(server, settings));
        expect(error.code, error.message).toMatch(/^(limit|incomplete)$/);
      } finally {
        await server.stop();
      }
    });

    it("rights that hide the ids are an error, and hidden people are missed by the members that name them", async () => {
      const hideIds = `access to dn.subtree="ou=contractors,ou=people,dc=example,dc=com" attrs=entryUUID by * none`;
      const hidePeople = `access to dn.subtree="ou=contractors,ou=people,dc=example,dc=com" by * none`;
      const hideAloud = `access to dn.subtree="ou=contractors,ou=people,dc=example,dc=com" by * disclose`;
      const hideAll = `access to dn.subtree="ou=people,dc=example,dc=com" by * none`;
      const read = async (
        access: string,
        more: object,
        work: (server: RunningSlapd) => Promise<void>,
      ): Promise<void> => {
        const server = await startSlapd(slapd, { ldif: [company], database: [access], ...more });
        try {
          await work(server);
        } finally {
          await server.stop();
        }
      };
      await read(hideIds, {}, async (server) => {
        const error = await failureOf(connector(server));
        expect(error).toMatchObject({ code: "incomplete" });
        expect(error.message).toContain("4 entries");
      });
      // The server says success here; only the numbers tell, so they must be honest.
      for (const access of [hidePeople, hideAloud])
        await read(access, {}, async (server) => {
          expect((await readAll(connector(server))).proof).toMatchObject({
            users: 11,
            memberships: 14,
            oddityCount: 4,
          });
        });
      await read(hideAll, {}, async (server) => {
        const settings = { userBase: "ou=people,dc=example,dc=com" };
        expect(await failureOf(connector(server, settings))).toMatchObject({ code: "configuration" });
      });
    });
  });

  describe("encryption", () => {
    const authority = makeAuthority();
    let server: RunningSlapd;
    let elsewhere: RunningSlapd;
    beforeAll(async () => {
      server = await startSlapd(slapd, {
        ldif: [company],
        tls: authority.issue(["localhost", "127.0.0.1"]),
        globals: ["security simple_bind=128"],
      });
      elsewhere = await startSlapd(slapd, { ldif: [company], tls: authority.issue(["ldap.example.net"]) });
    });
    afterAll(async () => {
      await server.stop();
      await elsewhere.stop();
    });

    it("StartTLS and ldaps read the company", async () => {
      for (const settings of [
        { startTls: true },
        { url: server.ldapsUrl },
        { url: server.ldapsUrl?.replace("127.0.0.1", "localhost") },
      ]) {
        const read = await readAll(connector(server, { ca: authority.ca, pageSize: 4, ...settings }));
        expect(read.proof).toMatchObject({ users: 15, boundAs: READER });
      }
    });

    it("the authority may stand in a file", async () => {
      const caFile = join(tmpdir(), `muster-ca-${process.pid}.pem`);
      onTestFinished(() => rm(caFile, { force: true }));
      await writeFile(caFile, authority.ca);
      expect((await readAll(connector(server, { caFile, startTls: true }))).proof.users).toBe(15);
      await writeFile(caFile, "no certificate");
      expect(await failureOf(connector(server, { caFile, startTls: true }))).toMatchObject({ code: "configuration" });
    });

    it.each([["startTls"], ["ldaps"]])(
      "%s refuses an authority that is not trusted and a name that is another's",
      async (how) => {
        const over = (running: RunningSlapd): object =>
          how === "ldaps" ? { url: running.ldapsUrl } : { startTls: true };
        const stranger = makeAuthority("somebody else");
        expect(await failureOf(connector(server, { ca: stranger.ca, ...over(server) }))).toMatchObject({ code: "tls" });
        expect(await failureOf(connector(server, over(server)))).toMatchObject({ code: "tls" });
        expect(await failureOf(connector(elsewhere, { ca: authority.ca, ...over(elsewhere) }))).toMatchObject({
          code: "tls",
        });
        const named = { ca: authority.ca, serverName: "ldap.example.net", ...over(elsewhere) };
        expect((await readAll(connector(elsewhere, named))).proof.users).toBe(15);
      },
    );

    it("a server that demands encryption is believed", async () => {
      expect(await failureOf(connector(server))).toMatchObject({ code: "tls" });
    });

    it("the server's death after StartTLS is noticed at once and nothing is said in clear afterwards", async () => {
      const tap = await tapped(server.port);
      const pages = connector(server, { url: tap.url, ca: authority.ca, startTls: true, pageSize: 4 }).read(
        new AbortController().signal,
      );
      await pages.next();
      await server.kill();
      await server.restart();
      await expect(pages.next()).rejects.toMatchObject({ code: "unreachable" });
      expect(tap.connections()).toBe(1);
      expect(tap.seen().includes(PASSWORD)).toBe(false);
      expect(tap.seen().includes("reader")).toBe(false);
      await tap.stop();
    });

    it("no password crosses in clear, whether TLS comes about or not", async () => {
      for (const [running, settings] of [
        [server, { ca: authority.ca }],
        [server, {}],
        [elsewhere, { ca: authority.ca }],
      ] as const) {
        const tap = await tapped(running.port);
        const all = { url: tap.url, startTls: true, ...settings };
        await readAll(connector(running, all)).catch(() => {});
        expect(tap.seen().length).toBeGreaterThan(0);
        expect(tap.seen().includes(PASSWORD)).toBe(false);
        await tap.stop();
      }
    });

    it("the tap would see it", async () => {
      const tap = await tapped(elsewhere.port);
      await readAll(connector(elsewhere, { url: tap.url }));
      expect(tap.seen().includes(PASSWORD)).toBe(true);
      await tap.stop();
    });
  });
});

/** A relay that keeps what clients say. */
async function tapped(port: number) {
  const seen: Buffer[] = [];
  let connections = 0;
  const relay: Server = createServer((client) => {
    connections += 1;
    const upstream = connect(port, "127.0.0.1");
    client.on("data", (data) => seen.push(data));
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const address = relay.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `ldap://127.0.0.1:${address.port}`,
    seen: () => Buffer.concat(seen),
    connections: () => connections,
    stop: () => new Promise<void>((resolve) => relay.close(() => resolve())),
  };
}
