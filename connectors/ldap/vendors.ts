/**
 * What differs between directory servers, as data. The vendor is told by the server's root entry; a setting overrules
 * each value.
 */
import type { LdapEntry } from "./entry.ts";

export const VENDOR_NAMES = ["openldap", "active-directory", "389-directory-server", "freeipa", "other"] as const;
export type VendorName = (typeof VENDOR_NAMES)[number];

/** `guid`: 16 bytes in Microsoft's order; `uuid`: text of RFC 4530; `text`: as the server writes it, in lower case. */
export type IdFormat = "uuid" | "guid" | "text";

export type Vendor = {
  id: { attribute: string; format: IdFormat };
  userName: string;
  userFilter: string;
  groupFilter: string;
  /** Attributes of a group that hold members: by name of an entry, or (memberUid, RFC 2307) by the uid of a person. */
  members: readonly string[];
  /** Attributes that say that an account is switched off; `active.ts` knows what each means. */
  disabledBy: readonly string[];
  /** The one of them that every account has: where it is not shown, the reader lacks the right to see it. */
  alwaysSaid: string | null;
  /** Active Directory does not list a person in the `member` of their primary group. */
  hasPrimaryGroup: boolean;
};

const ANY_GROUP = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))";

export const VENDORS: Readonly<Record<VendorName, Vendor>> = {
  openldap: {
    id: { attribute: "entryUUID", format: "uuid" },
    userName: "uid",
    userFilter: "(objectClass=inetOrgPerson)",
    groupFilter: ANY_GROUP,
    members: ["member", "uniqueMember", "memberUid"],
    disabledBy: ["pwdAccountLockedTime", "shadowExpire"],
    alwaysSaid: null,
    hasPrimaryGroup: false,
  },
  "active-directory": {
    id: { attribute: "objectGUID", format: "guid" },
    userName: "userPrincipalName",
    userFilter: "(&(objectCategory=person)(objectClass=user))",
    groupFilter: "(objectClass=group)",
    members: ["member"],
    disabledBy: ["userAccountControl", "accountExpires", "msDS-UserAccountDisabled"],
    alwaysSaid: "userAccountControl",
    hasPrimaryGroup: true,
  },
  "389-directory-server": {
    id: { attribute: "nsUniqueId", format: "text" },
    userName: "uid",
    userFilter: "(objectClass=inetOrgPerson)",
    groupFilter: ANY_GROUP,
    members: ["member", "uniqueMember", "memberUid"],
    disabledBy: ["nsAccountLock", "shadowExpire"],
    alwaysSaid: null,
    hasPrimaryGroup: false,
  },
  freeipa: {
    id: { attribute: "ipaUniqueID", format: "uuid" },
    userName: "uid",
    userFilter: "(&(objectClass=inetOrgPerson)(objectClass=posixAccount))",
    groupFilter: "(objectClass=ipaUserGroup)",
    members: ["member"],
    disabledBy: ["nsAccountLock", "ipaNSAccountLock", "krbPrincipalExpiration"],
    alwaysSaid: null,
    hasPrimaryGroup: false,
  },
  other: {
    id: { attribute: "entryUUID", format: "uuid" },
    userName: "uid",
    userFilter: "(objectClass=inetOrgPerson)",
    groupFilter: ANY_GROUP,
    members: ["member", "uniqueMember", "memberUid"],
    disabledBy: ["pwdAccountLockedTime", "shadowExpire", "nsAccountLock"],
    alwaysSaid: null,
    hasPrimaryGroup: false,
  },
};

/** What is asked of the root entry (RFC 4512 §5.1) to tell the vendor and what the server can do. */
export const ROOT_ATTRIBUTES = [
  "objectClass",
  "vendorName",
  "supportedCapabilities",
  "supportedControl",
  "supportedExtension",
  "forestFunctionality",
  "ipaDomainLevel",
  "ipaTopologyPluginVersion",
  "namingContexts",
  "dsServiceName",
  "netscapemdsuffix",
];

const ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800";
const LIGHTWEIGHT = "1.2.840.113556.1.4.1851";

export function detectVendor(root: LdapEntry): VendorName {
  if (root.has("forestFunctionality") || root.texts("supportedCapabilities").includes(ACTIVE_DIRECTORY)) {
    return "active-directory";
  }
  // FreeIPA stands on 389 Directory Server, so it is asked first.
  if (root.has("ipaDomainLevel") || root.has("ipaTopologyPluginVersion")) return "freeipa";
  if (/389 project|red hat/i.test(root.text("vendorName") ?? "")) return "389-directory-server";
  if (root.texts("objectClass").some((name) => name.toLowerCase() === "openldaprootdse")) return "openldap";
  return "other";
}

/** AD LDS, whose people are no accounts of a domain and have no userAccountControl ([MS-ADTS] §3.1.1.3.4.3.5). */
export function isLightweight(root: LdapEntry): boolean {
  return root.texts("supportedCapabilities").includes(LIGHTWEIGHT);
}

/** Active Directory's ports of the Global Catalog, plain and TLS. */
export const GLOBAL_CATALOG_PORTS: ReadonlySet<number> = new Set([3268, 3269]);

/** Groups whose groupType has Active Directory's bit of universal ones ([MS-ADTS] §2.2.12). */
export const UNIVERSAL_GROUPS = "(groupType:1.2.840.113556.1.4.803:=8)";

/** How an id is written when the settings name an attribute of their own. */
export function idFormat(attribute: string): IdFormat {
  const lower = attribute.toLowerCase();
  if (lower === "objectguid") return "guid";
  return lower === "entryuuid" || lower === "ipauniqueid" ? "uuid" : "text";
}
