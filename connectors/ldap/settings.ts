import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { SASL_MECHANISMS } from "ldapts";
import { z } from "zod";
import { parseSettings } from "../settings.ts";
import { firstName } from "./attribute-names.ts";
import { parseDn } from "./dn.ts";
import { parseFilter } from "./filter.ts";
import { GLOBAL_CATALOG_PORTS, VENDOR_NAMES } from "./vendors.ts";

const dn = z
  .string()
  .refine((text) => (parseDn(text)?.length ?? 0) > 0, "is not a distinguished name, such as dc=example,dc=com");
const filter = z.string().refine(isFilter, "is not an LDAP filter, such as (objectClass=inetOrgPerson)");
const attribute = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, "is not the name of an attribute");

/** Names and addresses change and are given to other people; a record held under one of these would change its owner. */
const NO_IDS = /^(dn|entrydn|distinguishedname|cn|sn|uid|mail|displayname|name|samaccountname|userprincipalname)$/i;

const pem = z.string().refine(isPem, "is not a certificate in PEM form");
const url = z
  .string()
  .refine((text) => parseLdapUrl(text) !== null, "must be ldap://host[:port] or ldaps://host[:port]");
/** Read whenever the directory is: a renewed certificate needs no change here. */
const file = z.string().refine(isAbsolute, "must be an absolute path");

/**
 * How to read one LDAP directory. The reader's secret is kept apart: the password of `bindDn`, or without `bindDn` the
 * key of `clientCertificate`. Every key but url and base may be left out, and bindDn where a client certificate stands.
 */
export const ldapSettings = z
  .strictObject({
    /** `ldap://host[:389]` or `ldaps://host[:636]`; of several servers of one directory the first that answers is read. */
    url: z.union([url, z.array(url).min(1).max(10)]),
    /** Who reads: a name such as cn=muster,dc=example,dc=com, or what the server takes in its place (user@domain). */
    bindDn: z
      .string()
      .min(1, "must not be empty: Muster does not read anonymously")
      .refine((text) => !SASL_MECHANISMS.some((name) => name === text), "is the name of a SASL mechanism")
      .optional(),
    /** The reader's certificate, PEM. Without `bindDn` it is all that the reader shows (SASL EXTERNAL, RFC 4422 §A). */
    clientCertificate: pem.optional(),
    clientCertificateFile: file.optional(),
    /** The key of that certificate, PEM without a passphrase, when it is not the directory's secret. */
    clientKeyFile: file.optional(),
    base: dn,
    /** Where people and groups are, if not both under `base`. */
    userBase: dn.optional(),
    groupBase: dn.optional(),
    /** Encrypt an `ldap://` connection before anything is said on it (RFC 4513 §3). */
    startTls: z.boolean().default(false),
    /** Send the password and read people over an unencrypted connection to another machine. */
    allowPlaintext: z.boolean().default(false),
    /** Authorities to trust in place of the public ones: PEM, or a file of PEM. */
    ca: pem.optional(),
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
        id: attribute
          .refine((name) => !NO_IDS.test(firstName(name)), "can change, so it cannot be the immutable id")
          .optional(),
        userName: attribute.optional(),
        email: attribute.default("mail"),
        displayName: attribute.optional(),
        givenName: attribute.default("givenName"),
        familyName: attribute.default("sn"),
        groupName: attribute.default("cn"),
        /** What names the members of a group; several are put together. */
        member: z.union([attribute, z.array(attribute).min(1).max(5)]).optional(),
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
    const refuse = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    const urls = urlsOf(settings).flatMap((text) => parseLdapUrl(text) ?? []);
    const isEncrypted = urls.every(({ secure }) => secure || settings.startTls);
    const hasCertificate = settings.clientCertificate !== undefined || settings.clientCertificateFile !== undefined;
    if (settings.startTls && urls.some(({ secure }) => secure))
      refuse("startTls", "is for ldap:// URLs; ldaps:// is encrypted already");
    if (!isEncrypted && !settings.allowPlaintext && !urls.every(({ host, secure }) => secure || isLoopback(host)))
      refuse(
        "url",
        "would send the password unencrypted: use ldaps://, or startTls, or allowPlaintext if that is meant",
      );
    if (new Set(urls.map(({ port }) => GLOBAL_CATALOG_PORTS.has(port))).size > 1)
      refuse("url", "mixes the Global Catalog with other servers, which hold other groups");
    if (settings.ca !== undefined && settings.caFile !== undefined) refuse("caFile", "cannot stand beside ca");
    if (settings.clientCertificate !== undefined && settings.clientCertificateFile !== undefined)
      refuse("clientCertificateFile", "cannot stand beside clientCertificate");
    if (hasCertificate && !isEncrypted) refuse("clientCertificate", "is shown over TLS only: use ldaps:// or startTls");
    if (settings.clientKeyFile !== undefined && !hasCertificate)
      refuse("clientKeyFile", "is the key of a client certificate, and there is none");
    if (settings.bindDn === undefined && !hasCertificate)
      refuse("bindDn", "must be given: Muster does not read anonymously");
    if (settings.bindDn !== undefined && hasCertificate && settings.clientKeyFile === undefined)
      refuse("clientKeyFile", "must be given beside bindDn: what is kept apart is the password");
  });

export type LdapSettings = z.infer<typeof ldapSettings>;

/** @throws ConnectorError `configuration` naming every setting that is wrong. */
export function parseLdapSettings(settings: unknown): LdapSettings {
  return parseSettings("LDAP", ldapSettings, settings);
}

/** The servers in the order in which they are tried. */
export function urlsOf({ url }: { url: string | readonly string[] }): readonly string[] {
  return typeof url === "string" ? [url] : url;
}

/**
 * What decides where the password goes, how safely and for whom. Null: nowhere, for without `bindDn` the secret is the
 * key of a client certificate, which is never sent.
 */
export function ldapSecretWay(settings: LdapSettings): Record<string, unknown> | null {
  const { bindDn, startTls, allowPlaintext, ca, caFile, serverName } = settings;
  if (bindDn === undefined) return null;
  return { url: urlsOf(settings).map(parseLdapUrl), bindDn, startTls, allowPlaintext, ca, caFile, serverName };
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
    parseFilter(text);
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
