import { describe, expect, it, onTestFinished } from "vitest";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { placeOf } from "../../../connectors/ldap/place.ts";
import { openSession } from "../../../connectors/ldap/session.ts";
import { parseLdapSettings } from "../../../connectors/ldap/settings.ts";
import { startFakeLdap } from "../../harness/fake-ldap.ts";

const BASE = "dc=example,dc=com";
/** One value of 8 kB for all. */
const displayName = ["x".repeat(8192)];
const users = Array.from({ length: 300 }, (_, number) => ({
  dn: `uid=p${number},${BASE}`,
  attributes: { displayName },
}));
const referrals = Array.from({ length: 300 }, (_, number) => `ldap://other.example.com/${number}${displayName[0]}`);

async function placeAt(url: string) {
  const { targets, reader } = await placeOf(parseLdapSettings({ url, bindDn: "cn=r", base: BASE }), "secret");
  const [target] = targets;
  if (target === undefined) throw new Error("no server");
  return { target, reader };
}

/** Reads page by page, and tells how many entries came. */
async function entriesOf(options: Parameters<typeof startFakeLdap>[0], answerBytes: number, pageSize: number) {
  const fake = await startFakeLdap(options);
  onTestFinished(() => fake.stop());
  const { target, reader } = await placeAt(fake.url);
  const session = await openSession({ ...target, answerBytes }, reader, new AbortController().signal);
  onTestFinished(() => session.close());
  let entries = 0;
  const search = { base: BASE, filter: "(objectClass=person)", attributes: ["displayName"], pageSize };
  for await (const page of session.pages(search)) entries += page.entries.length;
  return entries;
}

describe("an answer of an LDAP server", () => {
  it("is a page, whose bytes are bounded, however many pages there are", async () => {
    expect(await entriesOf({ users, groups: [] }, 1_000_000, 100)).toBe(300);
    await expect(entriesOf({ users, groups: [] }, 1_000_000, 200)).rejects.toMatchObject({
      code: "limit",
      hint: "lower pageSize",
    });
  });

  it("is bounded also where referrals stand between its entries", async () => {
    await expect(entriesOf({ users: [], groups: [], referrals }, 1_000_000, 100)).rejects.toMatchObject({
      code: "limit",
    });
  });

  it("holds no more entries and referrals than a page can have, each of which takes more room than its bytes", async () => {
    const many = Array.from({ length: 50_001 }, () => "a");
    await expect(entriesOf({ users, groups: [], referrals: many }, 100_000_000, 100)).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringContaining("more entries than a page may hold"),
    });
  });

  it("is 1 MB at most where the server says who it is", async () => {
    const supportedExtension = Array.from({ length: 100_000 }, (_, number) => `1.2.3.${number}`);
    const root = { supportedExtension };
    await expect(entriesOf({ users, groups: [], root }, 100_000_000, 100)).rejects.toMatchObject({
      code: "limit",
      message: expect.stringContaining("1048576 bytes"),
    });
  });

  it("is 64 MB at most while settings are tried, beside everything else that the process does", async () => {
    const uid = ["x".repeat(8 * 1024 * 1024)];
    const large = Array.from({ length: 9 }, (_, number) => ({ dn: `uid=p${number},${BASE}`, attributes: { uid } }));
    const fake = await startFakeLdap({ users: large, groups: [] });
    onTestFinished(() => fake.stop());
    const steps = ldapConnector({ url: fake.url, bindDn: "cn=r", base: BASE }, "secret").test(
      AbortSignal.timeout(60_000),
    );
    const users = (await Array.fromAsync(steps)).find(({ name }) => name === "users");
    expect(users).toMatchObject({ verdict: "failed", detail: "the server sent an answer of more than 67108864 bytes" });
  });

  it("is 256 MB at most", async () => {
    expect((await placeAt("ldaps://localhost")).target.answerBytes).toBe(256 * 1024 * 1024);
  });
});
