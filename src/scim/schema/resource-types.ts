import type { Attribute, AttributeTable, ResourceType } from "./attribute.ts";
import {
  type AttributeDefinition,
  enterpriseUserDefinition,
  groupDefinition,
  type SchemaDefinition,
  userDefinition,
} from "./definitions.ts";

/** Texts that stand in an index or are looked up by it; PostgreSQL refuses longer index rows. */
const INDEXED_LENGTH = 512;
const TEXT_LENGTH = 8_192;
/** Certificates, and pictures given as data URIs. */
const LONG_TEXT_LENGTH = 65_536;

const INDEXED = new Set(["userName", "externalId", "displayName"]);

function compile(definition: AttributeDefinition): Attribute {
  return {
    name: definition.name,
    type: definition.type,
    multiValued: definition.multiValued,
    required: definition.required,
    caseExact: definition.caseExact ?? false,
    mutability: definition.mutability,
    returned: definition.returned,
    subAttributes: byName((definition.subAttributes ?? []).map(compile)),
    maxLength: maxLength(definition),
  };
}

function maxLength(definition: AttributeDefinition): number {
  if (INDEXED.has(definition.name)) return INDEXED_LENGTH;
  return definition.type === "binary" || definition.type === "reference" ? LONG_TEXT_LENGTH : TEXT_LENGTH;
}

function byName(attributes: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}

const plain = { multiValued: false, required: false, mutability: "readOnly", returned: "default" } as const;

/** RFC 7643 §3.1 and §3: what every resource has, though no schema document lists it. */
const COMMON: readonly AttributeDefinition[] = [
  { ...plain, name: "schemas", type: "reference", multiValued: true, returned: "always" },
  { ...plain, name: "id", type: "string", caseExact: true, returned: "always" },
  { ...plain, name: "externalId", type: "string", caseExact: true, mutability: "readWrite" },
  {
    ...plain,
    name: "meta",
    type: "complex",
    subAttributes: [
      { ...plain, name: "resourceType", type: "string", caseExact: true },
      { ...plain, name: "created", type: "dateTime" },
      { ...plain, name: "lastModified", type: "dateTime" },
      { ...plain, name: "location", type: "reference", caseExact: true },
      { ...plain, name: "version", type: "string", caseExact: true },
    ],
  },
];

function table(definition: SchemaDefinition, common: readonly AttributeDefinition[] = []): AttributeTable {
  return { urn: definition.id, attributes: byName([...common, ...definition.attributes].map(compile)) };
}

export const userType: ResourceType = {
  name: "User",
  endpoint: "/Users",
  description: "User Account",
  core: table(userDefinition, COMMON),
  extensions: [table(enterpriseUserDefinition)],
};

export const groupType: ResourceType = {
  name: "Group",
  endpoint: "/Groups",
  description: "Group",
  core: table(groupDefinition, COMMON),
  extensions: [],
};
