import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { updateDirectory } from "../../src/identity/directories.ts";
import {
  formatSignUpDomains,
  isCovered,
  listSignUpDomains,
  parseSignUpDomain,
  parseSignUpDomains,
  setSignUpDomains,
} from "../../src/identity/domains.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
/** Under a suffix below which anybody registers a name: always a domain of somebody's own. */
const domain = fc
  .tuple(
    fc.array(label, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("example.com", "example.org", "example.co.uk"),
  )
  .map(([labels, suffix]) => [...labels, suffix].join("."))
  // A label of Punycode that decodes to nothing is no domain name.
  .filter((name) => !name.includes("xn--") && !/(^|\.)..--/.test(name));

describe("a domain of the list", () => {
  test("R113, R114: alone it covers itself, with *. everything below it", () => {
    expect(parseSignUpDomain("example.com")).toEqual({ domain: "example.com", match: "exact" });
    expect(parseSignUpDomain("*.example.com")).toEqual({ domain: "example.com", match: "subdomains" });
  });

  test("case, blanks, one final dot and internationalised spelling do not matter", () => {
    for (const text of ["EXAMPLE.com", " example.com ", "example.com."])
      expect(parseSignUpDomain(text)).toEqual({ domain: "example.com", match: "exact" });
    expect(parseSignUpDomain("*.Bücher.example.com.")).toEqual({
      domain: "xn--bcher-kva.example.com",
      match: "subdomains",
    });
    expect(parseSignUpDomain("bücher.de")).toEqual(parseSignUpDomain("XN--BCHER-KVA.de"));
  });

  test("public suffixes, private ones included, single labels, addresses and nonsense are refused, named in the error", () => {
    for (const text of [
      "com",
      "*.com",
      "co.uk",
      "*.co.uk",
      "github.io",
      "*.github.io",
      "localhost",
      "192.0.2.1",
      "",
      ".",
      "*.",
      "a..b",
      "*.*.example.com",
      "exa mple.com",
      "ada@example.com",
      "example.com..",
      "https://example.com",
      "-.com",
      "*example.com",
    ])
      expect(() => parseSignUpDomain(text), text).toThrow(expect.objectContaining({ code: "invalid", at: text }));
    expect(parseSignUpDomain("muster.github.io").match).toBe("exact");
  });

  test("both forms together cover both", () => {
    const both = [{ domain: "example.com", match: "exact-and-subdomains" }];
    expect(parseSignUpDomains(["example.com", "*.example.com"])).toEqual(both);
    expect(parseSignUpDomains(["*.example.com", "example.com", "EXAMPLE.com."])).toEqual(both);
  });

  test("what is written is read back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(domain, fc.boolean()), { maxLength: 8 }), (entries) => {
        const list = parseSignUpDomains(entries.map(([name, below]) => (below ? `*.${name}` : name)));
        expect(parseSignUpDomains(formatSignUpDomains(list))).toEqual(list);
        expect(new Set(list.map((row) => row.domain)).size).toBe(list.length);
      }),
    );
  });

  test("names are covered by whole labels only", () => {
    fc.assert(
      fc.property(domain, fc.array(label, { minLength: 1, maxLength: 3 }), label, (name, below, glued) => {
        const sub = `${below.join(".")}.${name}`;
        const look = (texts: string[]) =>
          [name, sub, `${glued}${name}`].map((one) => isCovered(one, parseSignUpDomains(texts)));
        expect(look([name])).toEqual([true, false, false]);
        expect(look([`*.${name}`])).toEqual([false, true, false]);
        expect(look([name, `*.${name}`])).toEqual([true, true, false]);
        expect(look([])).toEqual([false, false, false]);
      }),
    );
  });
});

describe("the organization's list, where a directory's policy is on", () => {
  test("R106, R119: takes user and admin of synced groups away from other addresses; guest roles stay", async () => {
    const org = await makeOrganization(ctx, "domains");
    const [wiki, tracker] = [await org.product("wiki", { hasGuests: true }), await org.product("tracker")];
    const directory = await org.directory("c");
    const [users, guests] = [await org.group(directory, "users"), await org.group(directory, "guests")];
    await org.grant(users, wiki, "user");
    await org.grant(users, tracker, "user");
    await org.grant(guests, wiki, "guest");
    const own = await org.person(directory, "own", { email: "own@example.com" });
    const foreign = await org.person(directory, "foreign", { email: "foreign@mail.example.com" });
    for (const person of [own, foreign]) {
      await org.join(directory, users, person.id);
      await org.join(directory, guests, person.id);
    }
    const look = async () => {
      await expectModel(org.db, "domains");
      const of = async (product: string) => {
        const { role, allowed, reason } = await org.access(foreign.account, product);
        return [role, allowed, reason];
      };
      expect(await org.access(own.account, "wiki")).toMatchObject({ role: "user", allowed: true, reason: null });
      return { wiki: await of("wiki"), tracker: await of("tracker") };
    };
    const everything = { wiki: ["user", true, null], tracker: ["user", true, null] };

    expect(await org.alone((tx) => setSignUpDomains(tx, ["Example.com"]))).toMatchObject({ changed: 0 });
    expect(await look()).toEqual(everything);
    await org.alone((tx) => updateDirectory(tx, directory, { domainPolicy: true }));
    expect(await look()).toEqual({ wiki: ["guest", false, "no-space"], tracker: [null, false, "domain-not-allowed"] });
    expect((await org.access(foreign.account, "tracker")).trace).toMatchObject([{ group: "users", counts: false }]);

    expect(await org.alone((tx) => setSignUpDomains(tx, ["example.com", "*.example.com"]))).toMatchObject({
      changed: 1,
    });
    expect(await listSignUpDomains(org.db)).toEqual([{ domain: "example.com", match: "exact-and-subdomains" }]);
    expect(await look()).toEqual(everything);
    await expect(org.alone((tx) => setSignUpDomains(tx, ["example.com", "com"]))).rejects.toMatchObject({ at: "com" });
    expect(await look()).toEqual(everything);
  });

  test("a role that remains is allowed, and the person is told that the domains took the higher one", async () => {
    const org = await makeOrganization(ctx, "domains-limited");
    const wiki = await org.product("wiki");
    const [strict, free] = [await org.directory("strict"), await org.directory("free")];
    const [admins, users] = [await org.group(strict, "admins"), await org.group(free, "users")];
    await org.grant(admins, wiki, "admin");
    await org.grant(users, wiki, "user");
    const inStrict = await org.person(strict, "ada", { email: "ada@partner.org" });
    const inFree = await org.person(free, "ada", { email: "ada@example.com" });
    await org.join(strict, admins, inStrict.id);
    await org.join(free, users, inFree.id);
    await org.alone((tx) => setSignUpDomains(tx, ["example.com"]));
    await org.alone((tx) => updateDirectory(tx, strict, { domainPolicy: true }));
    expect(await org.access(inStrict.account, "wiki")).toMatchObject({
      role: "user",
      allowed: true,
      reason: "domain-not-allowed",
    });
    await expectModel(org.db, "limited");
  });
});
