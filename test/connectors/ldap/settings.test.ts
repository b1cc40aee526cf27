import { describe, expect, it } from "vitest";
import { ConnectorError } from "../../../connectors/connector.ts";
import { isConnectorKind, makeConnector } from "../../../connectors/index.ts";
import { parseLdapSettings, parseLdapUrl } from "../../../connectors/ldap/settings.ts";
import { makeAuthority } from "../../harness/certificates.ts";

const good = { url: "ldaps://ldap.example.com", bindDn: "cn=muster,dc=example,dc=com", base: "dc=example,dc=com" };

function refusal(settings: unknown): string {
  try {
    parseLdapSettings(settings);
  } catch (error) {
    if (error instanceof ConnectorError && error.code === "configuration") return error.message;
    throw error;
  }
  throw new Error("these settings were taken");
}

describe("LDAP settings", () => {
  it("need url, reader and base, and no more", () => {
    expect(parseLdapSettings(good)).toMatchObject({
      pageSize: 500,
      connectSeconds: 10,
      pageSeconds: 30,
      startTls: false,
      attributes: { email: "mail" },
    });
    expect(refusal({})).toMatch(/url.*base/);
  });

  it.each([
    ["url", { url: "ldapi:///var/run/ldapi" }],
    ["url", { url: "ldap://" }],
    ["url", { url: "https://ldap.example.com" }],
    ["url", { url: "ldaps://ldap.example.com/dc=example" }],
    ["url", { url: "ldaps://reader:secret@ldap.example.com" }],
    ["url", { url: "ldap.example.com" }],
    ["url", { url: "ldap://ldap.example.com" }],
    ["url", { url: "ldap://127.example.com" }],
    ["url", { url: [] }],
    ["url", { url: ["ldaps://a.example.com", "ldap://b.example.com"] }],
    ["url", { url: ["ldaps://a.example.com", "ldaps://b.example.com:3269"] }],
    ["url", { url: Array(11).fill("ldaps://a.example.com") }],
    ["startTls", { url: ["ldaps://a.example.com", "ldap://b.example.com"], startTls: true }],
    ["bindDn", { bindDn: undefined }],
    ["clientCertificate", { bindDn: undefined, clientCertificate: "not PEM" }],
    ["clientCertificate", { url: "ldap://127.0.0.1", bindDn: undefined, clientCertificate: makeAuthority().ca }],
    [
      "clientCertificate",
      { url: "ldap://a", allowPlaintext: true, bindDn: undefined, clientCertificate: makeAuthority().ca },
    ],
    ["clientCertificateFile", { bindDn: undefined, clientCertificateFile: "client.pem" }],
    ["clientKeyFile", { clientCertificate: makeAuthority().ca }],
    ["clientKeyFile", { clientKeyFile: "/etc/muster/client.key" }],
    ["bindDn", { bindDn: "" }],
    ["bindDn", { bindDn: "PLAIN" }],
    ["base", { base: "example.com" }],
    ["base", { base: "" }],
    ["groupBase", { groupBase: "groups" }],
    ["userFilter", { userFilter: "(objectClass=person" }],
    ["startTls", { startTls: true }],
    ["startTls", { url: "ldap://ldap.example.com", startTls: "yes" }],
    ["ca", { ca: "not PEM" }],
    ["ca", { ca: "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n" }],
    ["caFile", { ca: makeAuthority().ca, caFile: "/etc/ssl/ca.pem" }],
    ["vendor", { vendor: "novell" }],
    ["attributes.id", { attributes: { id: "mail" } }],
    ["attributes.id", { attributes: { id: "uid" } }],
    ["attributes.id", { attributes: { id: "userid" } }],
    ["attributes.userName", { attributes: { userName: "a)(b" } }],
    ["attributes.username", { attributes: { username: "uid" } }],
    ["pageSize", { pageSize: 0 }],
    ["pageSeconds", { pageSeconds: -1 }],
    ["password", { password: "secret" }],
  ])("name %s when it is wrong (%j)", (key, change) => {
    const message = refusal({ ...good, ...change });
    expect(message).toMatch(new RegExp(`[:;] ${key.replace(".", "\\.")}:`));
    expect(message).not.toContain("secret");
  });

  it.each([
    { url: "ldap://127.0.0.1:3890" },
    { url: "ldap://LOCALHOST" },
    { url: "ldap://[::1]:389" },
    { url: "ldap://ldap.example.com", startTls: true },
    { url: "ldap://ldap.example.com", allowPlaintext: true },
    { bindDn: "svc-muster@example.com" },
    { url: ["ldaps://a.example.com", "ldaps://b.example.com:1636"] },
    { url: ["ldaps://a.example.com:3269", "ldap://127.0.0.1:3268"] },
    { bindDn: undefined, clientCertificate: makeAuthority().ca },
    { bindDn: undefined, clientCertificateFile: "/etc/muster/client.crt", clientKeyFile: "/etc/muster/client.key" },
    { attributes: { member: "uniqueMember" } },
    { attributes: { member: ["member", "memberUid"] } },
    { ca: makeAuthority().ca },
    { attributes: { id: "objectGUID", userName: "mail" } },
  ])("take %j", (change) => {
    expect(() => parseLdapSettings({ ...good, ...change })).not.toThrow();
  });

  it("know the ports", () => {
    expect(parseLdapUrl("ldap://a")).toEqual({ host: "a", port: 389, secure: false });
    expect(parseLdapUrl("ldaps://a/")).toEqual({ host: "a", port: 636, secure: true });
    expect(parseLdapUrl("ldaps://[fe80::1]:1636")).toEqual({ host: "fe80::1", port: 1636, secure: true });
  });
});

describe("making a connector", () => {
  it("needs a kind that is pulled from, and a password", async () => {
    expect(isConnectorKind("ldap")).toBe(true);
    expect(isConnectorKind("scim")).toBe(false);
    expect(isConnectorKind("toString")).toBe(false);
    for (const secret of [null, ""])
      await expect(makeConnector("ldap", good, secret)).rejects.toThrow(/password of bindDn/);
    await expect(makeConnector("ldap", { ...good, base: "x" }, "secret")).rejects.toThrow(/base/);
  });
});
