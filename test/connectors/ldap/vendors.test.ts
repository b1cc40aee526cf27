import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { isActive } from "../../../connectors/ldap/active.ts";
import { immutableId } from "../../../connectors/ldap/ids.ts";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { type FakeEntry, type FakeLdap, startFakeLdap } from "../../harness/fake-ldap.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { entryOf } from "./entry-of.ts";
import { readAll } from "./read-all.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 15, 12);

/** Active Directory's clock: 100 ns since 1601. */
function fileTime(milliseconds: number): string {
  return String((BigInt(milliseconds) + 11_644_473_600_000n) * 10_000n);
}

/** RFC 4517 §3.3.13. */
function generalized(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}

describe("who is switched off", () => {
  const today = Math.floor(NOW / DAY);
  it.each([
    [{}, true],
    [{ userAccountControl: "512" }, true],
    [{ userAccountControl: "66050" }, false],
    [{ accountExpires: "0" }, true],
    [{ accountExpires: "9223372036854775807" }, true],
    [{ accountExpires: fileTime(NOW + 1) }, true],
    [{ accountExpires: fileTime(NOW) }, false],
    [{ accountExpires: "soon" }, true],
    [{ shadowExpire: "-1" }, true],
    [{ shadowExpire: "0" }, true],
    [{ shadowExpire: String(today + 1) }, true],
    [{ shadowExpire: String(today) }, false],
    [{ nsAccountLock: "TRUE" }, false],
    [{ nsAccountLock: "false" }, true],
    [{ ipaNSAccountLock: "true" }, false],
    [{ "msDS-UserAccountDisabled": "TRUE" }, false],
    [{ "msDS-UserAccountDisabled": "FALSE" }, true],
    [{ krbPrincipalExpiration: generalized(NOW) }, false],
    [{ krbPrincipalExpiration: generalized(NOW + 1000) }, true],
    [{ krbPrincipalExpiration: "some day" }, true],
    [{ krbPrincipalExpiration: "19700101000000Z" }, true],
    [{ pwdAccountLockedTime: "000001010000Z" }, false],
    [{ pwdAccountLockedTime: "20260115115959Z" }, true],
  ])("%j is active: %s", (attributes, active) => {
    expect(isActive(entryOf(attributes), NOW)).toBe(active);
  });
});

describe("Microsoft's GUIDs", () => {
  const id = { attribute: "objectGUID", format: "guid" } as const;

  it("are 16 bytes with three fields turned round; 15 or 17 bytes are none", () => {
    const bytes = Buffer.from("33221100554477668899aabbccddeeff", "hex");
    expect(immutableId(entryOf({ objectGUID: bytes }), id)).toBe("00112233-4455-6677-8899-aabbccddeeff");
    for (const length of [0, 15, 17]) expect(immutableId(entryOf({ objectGUID: Buffer.alloc(length) }), id)).toBeNull();
  });

  it("differ when their bytes do, also when the bytes happen to be text", () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const [first, second] = [one, other].map((raw) => immutableId(entryOf({ objectGUID: Buffer.from(raw) }), id));
        expect(first).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect(first === second).toBe(Buffer.compare(one, other) === 0);
      }),
      { numRuns: scaled(1000), seed },
    );
  });
});

describe("servers told by their root entry", () => {
  let server: FakeLdap | undefined;
  afterEach(() => server?.stop());

  const UUID = "5c1f2b7e-0000-4000-8000-0000000000aa";
  const read = async (root: Record<string, string[]>, user: FakeEntry["attributes"]) => {
    server = await startFakeLdap({ root, users: [{ dn: "uid=a,dc=x", attributes: user }], groups: [] });
    const { users } = await readAll(ldapConnector({ url: server.url, bindDn: "cn=r", base: "dc=x" }, "secret"));
    return [...users.values()][0];
  };

  it("389 Directory Server", async () => {
    const user = { nsUniqueId: ["AB12CD34-ab12cd34-ab12cd34-ab12cd34"], uid: ["a"], nsAccountLock: ["true"] };
    expect(await read({ vendorName: ["389 Project"] }, user)).toMatchObject({
      id: "ab12cd34-ab12cd34-ab12cd34-ab12cd34",
      active: false,
    });
  });

  it("FreeIPA, although it is a 389 underneath", async () => {
    const root = { vendorName: ["389 Project"], ipaDomainLevel: ["1"] };
    const user = { ipaUniqueID: [UUID.toUpperCase()], nsUniqueId: ["b"], uid: ["a"] };
    expect(await read(root, user)).toMatchObject({ id: UUID, active: true });
    await server?.stop();
    const expired = { ...user, krbPrincipalExpiration: ["20200101000000Z"] };
    expect(await read(root, expired)).toMatchObject({ id: UUID, active: false });
  });

  it("OpenLDAP, and whoever keeps to RFC 4530", async () => {
    const user = { entryUUID: [UUID], uid: ["a"], shadowExpire: ["1"] };
    expect(await read({ objectClass: ["top", "OpenLDAProotDSE"] }, user)).toMatchObject({ id: UUID, active: false });
    await server?.stop();
    expect(await read({}, user)).toMatchObject({ id: UUID, active: false });
  });
});
