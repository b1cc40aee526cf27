import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { FilterParser, SASL_MECHANISMS } from "ldapts";
import { z } from "zod";
import { parseSettings } from "../settings.ts";
import { parseDn } from "./dn.ts";
import { VENDOR_NAMES } from "./vendors.ts";

const dn = z
  .string()
  .refine((text) => (parseDn(text)?.length ?? 0) > 0, "is not a distinguished name, such as dc=example,dc=com");
const filter = z.string().refine(isFilter, "is not an LDAP filter, such as (objectClass=inetOrgPerson)");
const attribute = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, "is not the name of an attribute");

/** Names and addresses change and are given to other people; a record held under one of these would change its owner. */
const NO_IDS = /^(dn|entrydn|distinguishedname|cn|sn|uid|mail|displayname|name|samaccountname|userprincipalname)$/i;

/**
 * How to read one LDAP directory; the password of `bindDn` is kept apart as the directory's secret.
 * Every key but url, bindDn and base may be left out.
 */
export const ldapSettings = z
  .strictObject({
    /** `ldap://host[:389]` or `ldaps://host[:636]`. */
    url: z.string().refine((text) => parseLdapUrl(text) !== null, "must be ldap://host[:port] or ldaps://host[:port]"),
    /** Who reads: a name such as cn=muster,dc=example,dc=com, or what the server takes in its place (user@domain). */
    bindDn: z
      .string()
      .min(1, "must not be empty: Muster does not read anonymously")
      .refine((text) => !SASL_MECHANISMS.some((name) => name === text), "is the name of a SASL mechanism"),
    base: dn,
    /** Where people and groups are, if not both under `base`. */
    userBase: dn.optional(),
    groupBase: dn.optional(),
    /** Encrypt an `ldap://` connection before anything is said on it (RFC 4513 §3). */
    startTls: z.boolean().default(false),
    /** Send the password and read people over an unencrypted connection to another machine. */
    allowPlaintext: z.boolean().default(false),
    /** Authorities to trust in place of the public ones: PEM, or a file of PEM. */
    ca: z.string().refine(isPem, "is not a certificate in PEM form").optional(),
    caFile: z.string().min(1).optional(),
    /** The name that the certificate must have, when it is not the host of `url`. */
    serverName: z.string().min(1).optional(),
    /** Told by the server when left out. */
    vendor: z.enum(VENDOR_NAMES).optional(),
    userFilter: filter.optional(),
    groupFilter: filter.optional(),
    /** Which attribute holds what; the vendor's usual ones when left out. */
    attributes: z
      .strictObject({
        id: attribute.refine((name) => !NO_IDS.test(name), "can change, so it cannot be the immutable id").optional(),
        userName: attribute.optional(),
        email: attribute.default("mail"),
        displayName: attribute.optional(),
        givenName: attribute.default("givenName"),
        familyName: attribute.default("sn"),
        groupName: attribute.default("cn"),
      })
      .prefault({}),
    /** Entries per page. */
    pageSize: z.int().min(1).max(5000).default(500),
    /** Seconds until the connection stands, encryption included. */
    connectSeconds: z.number().positive().max(600).default(10),
    /** Seconds for one page or one answer. */
    pageSeconds: z.number().positive().max(3600).default(30),
  })
  .superRefine((settings, context) => {
    const url = parseLdapUrl(settings.url);
    if (url === null) return;
    const refuse = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    if (settings.startTls && url.secure) refuse("startTls", "is for ldap:// URLs; ldaps:// is encrypted already");
    if (!url.secure && !settings.startTls && !settings.allowPlaintext && !isLoopback(url.host)) {
      refuse(
        "url",
        "would send the password unencrypted: use ldaps://, or startTls, or allowPlaintext if that is meant",
      );
    }
    if (settings.ca !== undefined && settings.caFile !== undefined) refuse("caFile", "cannot stand beside ca");
  });

export type LdapSettings = z.infer<typeof ldapSettings>;

/** @throws ConnectorError `configuration` naming every setting that is wrong. */
export function parseLdapSettings(settings: unknown): LdapSettings {
  return parseSettings("LDAP", ldapSettings, settings);
}

/** Host (without the brackets of IPv6), port and whether TLS is spoken from the first byte; null when it is none of ours. */
export function parseLdapUrl(text: string): { host: string; port: number; secure: boolean } | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const secure = url.protocol === "ldaps:";
  const rest = [url.username, url.password, url.search, url.hash, url.pathname === "/" ? "" : url.pathname];
  if ((!secure && url.protocol !== "ldap:") || url.hostname === "" || rest.some((part) => part !== "")) return null;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host.includes("%")) return null;
  return { host, port: url.port === "" ? (secure ? 636 : 389) : Number(url.port), secure };
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function isFilter(text: string): boolean {
  try {
    FilterParser.parseString(text);
    return true;
  } catch {
    return false;
  }
}

/** At least one certificate, and each of them sound: TLS would pass over a damaged one in silence. */
export function isPem(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0;
  } catch {
    return false;
  }
}
