import { firstName } from "./attribute-names.ts";
import type { UserAttributes } from "./people.ts";
import type { LdapSession, PagedSearch } from "./session.ts";
import type { LdapSettings } from "./settings.ts";
import {
  detectVendor,
  GLOBAL_CATALOG_PORTS,
  idFormat,
  isLightweight,
  UNIVERSAL_GROUPS,
  VENDORS,
  type Vendor,
} from "./vendors.ts";

/** What is where in one directory, and what each attribute is for: the vendor's ways, overruled by the settings. */
export type Layout = Pick<Vendor, "id" | "members" | "hasPrimaryGroup"> & {
  vendor: keyof typeof VENDORS;
  isGlobalCatalog: boolean;
  /** All people, with what is wanted of each. */
  users: PagedSearch;
  /** All groups, without their members. */
  groups: PagedSearch;
  names: UserAttributes;
  groupName: string;
  /** Groups name people by uid. */
  namesByUid: boolean;
};

export function layoutOf(settings: LdapSettings, { root, port }: Pick<LdapSession, "root" | "port">): Layout {
  const name = settings.vendor ?? detectVendor(root);
  const vendor = VENDORS[name];
  const { base, pageSize } = settings;
  const attributes = firstNames(settings.attributes);
  const id = attributes.id === undefined ? vendor.id : { attribute: attributes.id, format: idFormat(attributes.id) };
  const members = attributes.member === undefined ? vendor.members : [attributes.member].flat();
  const namesByUid = members.some(isUidAttribute);
  const isGlobalCatalog = name === "active-directory" && GLOBAL_CATALOG_PORTS.has(port);
  const groupFilter = settings.groupFilter ?? vendor.groupFilter;
  const names: UserAttributes = {
    userName: attributes.userName ?? vendor.userName,
    email: attributes.email,
    displayName: attributes.displayName === undefined ? ["displayName", "cn"] : [attributes.displayName],
    givenName: attributes.givenName,
    familyName: attributes.familyName,
    alwaysSaid: isLightweight(root) ? null : vendor.alwaysSaid,
  };
  return {
    vendor: name,
    isGlobalCatalog,
    id,
    members,
    hasPrimaryGroup: vendor.hasPrimaryGroup,
    namesByUid,
    names,
    groupName: attributes.groupName,
    users: {
      base: settings.userBase ?? base,
      filter: settings.userFilter ?? vendor.userFilter,
      attributes: [
        ...new Set([
          ...[id.attribute, names.userName, names.email, ...names.displayName, names.givenName, names.familyName],
          ...vendor.disabledBy,
          // Whoever is no user has nothing to show.
          ...(names.alwaysSaid === null ? [] : ["objectClass"]),
          ...(namesByUid ? ["uid"] : []),
          ...(vendor.hasPrimaryGroup ? ["objectSid", "primaryGroupID"] : []),
        ]),
      ],
      pageSize,
    },
    groups: {
      base: settings.groupBase ?? base,
      // The Global Catalog knows everybody of the forest, but only of universal groups who is in them ([MS-ADTS]
      // §3.1.1.1.9): of the others members would seem to have gone.
      filter: isGlobalCatalog ? `(&${groupFilter}${UNIVERSAL_GROUPS})` : groupFilter,
      attributes: [id.attribute, attributes.groupName, ...(vendor.hasPrimaryGroup ? ["objectSid"] : [])],
      pageSize,
    },
  };
}

function firstNames({ id, member, ...texts }: LdapSettings["attributes"]) {
  const called = Object.entries(texts).map(([key, name]) => [key, name && firstName(name)]);
  return { id, member, ...(Object.fromEntries(called) as typeof texts) };
}

/** RFC 2307: values are no names of entries but the uid of a person. */
export function isUidAttribute(attribute: string): boolean {
  return attribute.toLowerCase() === "memberuid";
}
