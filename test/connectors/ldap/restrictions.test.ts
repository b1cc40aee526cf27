import { describe, expect, it, onTestFinished } from "vitest";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { type FakeEntry, startFakeLdap } from "../../harness/fake-ldap.ts";
import { failureOf, readAll } from "./read-all.ts";
import { tried } from "./tried.ts";

const BASE = "dc=example,dc=com";
const ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800";
const LIGHTWEIGHT = "1.2.840.113556.1.4.1851";
const USER = ["top", "person", "organizationalPerson", "user"];
const CONTACT = ["top", "person", "organizationalPerson", "contact"];

function person(name: string, attributes: FakeEntry["attributes"]): FakeEntry {
  const objectGUID = [Buffer.from(name.padEnd(16, "x"))];
  return { dn: `CN=${name},${BASE}`, attributes: { objectGUID, userPrincipalName: [name], ...attributes } };
}

const seen = person("seen", { objectClass: USER, userAccountControl: ["514"] });
const hidden = person("hidden", { objectClass: USER });

async function connector(users: FakeEntry[], capability = ACTIVE_DIRECTORY, settings: object = {}) {
  const root = { forestFunctionality: ["7"], supportedCapabilities: [capability] };
  const fake = await startFakeLdap({ root, users, groups: [] });
  onTestFinished(() => fake.stop());
  return ldapConnector({ url: fake.url, bindDn: "cn=reader", base: BASE, ...settings }, "secret");
}

describe("a reader that Active Directory does not tell who is switched off", () => {
  it.each([
    ["is hidden", hidden],
    ["is hidden with everything else", person("hidden", {})],
    ["is nothing", person("hidden", { objectClass: USER, userAccountControl: [""] })],
  ])("reads nobody as active: userAccountControl %s", async (_, entry) => {
    const error = await failureOf(await connector([seen, entry]));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toMatch(/CN=hidden,.*userAccountControl.*Read Account Restrictions/);
  });

  it("learns of it when the settings are tried", async () => {
    const steps = await tried(await connector([seen, hidden]));
    expect(steps.get("users")).toMatchObject({
      verdict: "failed",
      detail: expect.stringContaining("userAccountControl"),
      hint: expect.stringContaining("Read Account Restrictions"),
    });
  });
});

describe("userAccountControl is nothing to miss", () => {
  const statuses = async (...given: Parameters<typeof connector>) =>
    [...(await readAll(await connector(...given))).users.values()].map((user) => [user.userName, user.active]);

  it("of contacts, where the filter takes them", async () => {
    const contact = person("contact", { objectClass: CONTACT });
    expect(await statuses([seen, contact], ACTIVE_DIRECTORY, { userFilter: "(objectCategory=person)" })).toEqual([
      ["seen", false],
      ["contact", true],
    ]);
  });

  it("of people in AD LDS, and of those of another vendor", async () => {
    const off = person("off", { objectClass: USER, "msDS-UserAccountDisabled": ["TRUE"] });
    expect(await statuses([hidden, off], LIGHTWEIGHT)).toEqual([
      ["hidden", true],
      ["off", false],
    ]);
    const attributes = { id: "employeeNumber", userName: "userPrincipalName" };
    const other = person("other", { employeeNumber: ["7"] });
    expect(await statuses([other], ACTIVE_DIRECTORY, { vendor: "other", attributes })).toEqual([["other", true]]);
  });

  it("of an entry without a user name, which is not taken", async () => {
    const nameless = person("krbtgt", { objectClass: USER, userPrincipalName: [] });
    expect(await statuses([seen, nameless])).toEqual([["seen", false]]);
  });
});
