import type { Attribute, AttributeTable } from "./attribute.ts";
import type { AttributeDefinition, SchemaDefinition } from "./definitions.ts";

/** Texts that stand in an index or are looked up by it; PostgreSQL refuses longer index rows. */
const INDEXED_LENGTH = 512;
const TEXT_LENGTH = 8_192;
/** Certificates, and pictures given as data URIs. */
const LONG_TEXT_LENGTH = 65_536;

const INDEXED = new Set(["userName", "externalId", "displayName"]);

/** Values that one multi-valued attribute may have; members are bounded by the size of the body alone. */
const MAX_VALUES = 1_000;

/** @param core whether the RFC defines it: what is special about `userName` or `members` is so there alone. */
function compile(definition: AttributeDefinition, core: boolean): Attribute {
  const parts = (definition.subAttributes ?? []).map((part) => compile(part, false));
  return {
    name: definition.name,
    type: definition.type,
    multiValued: definition.multiValued,
    required: definition.required,
    caseExact: definition.caseExact ?? false,
    mutability: definition.mutability,
    returned: definition.returned,
    subAttributes: byName(parts),
    maxLength: maxLength(definition, core),
    maxValues: core && definition.name === "members" ? Number.POSITIVE_INFINITY : MAX_VALUES,
    discarded: core && definition.mutability === "writeOnly",
    hides: HIDDEN.has(definition.returned) || parts.some((part) => part.hides),
  };
}

const HIDDEN: ReadonlySet<string> = new Set(["request", "never"]);

function maxLength(definition: AttributeDefinition, core: boolean): number {
  if (core && INDEXED.has(definition.name)) return INDEXED_LENGTH;
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

/** A schema as requests are read by it. @param kind.core whether it is the schema of RFC 7643 §4 that a type is made of. */
export function compileSchema(
  definition: SchemaDefinition,
  kind: { core: boolean; required: boolean },
): AttributeTable {
  const listed = kind.core ? [...COMMON, ...definition.attributes] : definition.attributes;
  const attributes = listed.map((attribute) => compile(attribute, kind.core));
  return {
    urn: definition.id,
    attributes: byName(attributes),
    required: kind.required,
    demanding: attributes.filter((each) => each.required || partsOf(each).some((part) => part.required)),
    fixed: attributes.filter(
      (each) => isFixed(each) || (!each.multiValued && partsOf(each).some((part) => isFixed(part))),
    ),
    definition,
  };
}

function partsOf(attribute: Attribute): Attribute[] {
  return [...attribute.subAttributes.values()];
}

function isFixed(attribute: Attribute): boolean {
  return attribute.mutability === "immutable";
}
