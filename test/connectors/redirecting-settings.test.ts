import { expect, it } from "vitest";
import { redirectingSettings } from "../../connectors/index.ts";
import { makeAuthority } from "../harness/certificates.ts";

const { ca } = makeAuthority();
const ldap = { url: "ldaps://ldap.example.com", bindDn: "cn=muster,dc=example,dc=com", base: "dc=example,dc=com" };
const byCertificate = { ...ldap, bindDn: undefined, clientCertificate: ca };

it.each<[object, object, string[]]>([
  [ldap, { ...ldap, url: "ldaps://elsewhere.example.com" }, ["url"]],
  [ldap, { ...ldap, url: "ldaps://ldap.example.com:1636" }, ["url"]],
  [ldap, { ...ldap, url: [ldap.url, "ldaps://elsewhere.example.com"] }, ["url"]],
  [ldap, { ...ldap, url: "ldap://ldap.example.com", startTls: true }, ["url", "startTls"]],
  [ldap, { ...ldap, url: "ldap://ldap.example.com", allowPlaintext: true }, ["url", "allowPlaintext"]],
  [ldap, { ...ldap, bindDn: "cn=other,dc=example,dc=com" }, ["bindDn"]],
  [ldap, { ...ldap, ca }, ["ca"]],
  [{ ...ldap, ca }, ldap, ["ca"]],
  [ldap, { ...ldap, caFile: "/etc/ca.pem" }, ["caFile"]],
  [ldap, { ...ldap, serverName: "elsewhere.example.com" }, ["serverName"]],
  // A key that was never sent becomes a password that is.
  [byCertificate, ldap, ["url", "bindDn", "startTls", "allowPlaintext"]],
  [{ url: "what a former version took" }, ldap, ["url", "bindDn", "startTls", "allowPlaintext"]],
])("a password that was given for %j is not for %j", (before, after, changed) => {
  expect(redirectingSettings("ldap", before, after)).toEqual(changed);
});

it.each<[object, object]>([
  [ldap, { ...ldap, url: [`${ldap.url}:636`], startTls: false, allowPlaintext: false }],
  [ldap, { ...ldap, base: "dc=example,dc=org", userFilter: "(uid=*)", attributes: { email: "m" }, pageSize: 9 }],
  [ldap, { ...ldap, vendor: "openldap", connectSeconds: 1, pageSeconds: 1 }],
  [ldap, byCertificate],
  [byCertificate, { ...byCertificate, url: "ldaps://elsewhere.example.com" }],
])("what was given for %j serves %j", (before, after) => {
  expect(redirectingSettings("ldap", before, after)).toEqual([]);
});

it("what a service account's key signs goes to Google, whomever it reads as; files have no secret", () => {
  const google = { admin: "root@example.com" };
  const change = { admin: "other@example.com", groups: ["staff@*"] };
  expect(redirectingSettings("google-workspace", google, change)).toEqual([]);
  const aside = { ...google, endpoint: "http://127.0.0.1:1" };
  expect(redirectingSettings("google-workspace", google, aside)).toEqual(["endpoint"]);
  expect(redirectingSettings("csv", { users: "a.csv" }, { users: "b.csv" })).toEqual([]);
});
