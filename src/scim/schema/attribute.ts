import type { SchemaDefinition } from "./definitions.ts";

/** RFC 7643 §2.3. */
type AttributeType = "string" | "boolean" | "decimal" | "integer" | "dateTime" | "reference" | "binary" | "complex";

/** One attribute with its characteristics (RFC 7643 §2.2), compiled once from the schema definitions. */
export type Attribute = {
  /** As the schema spells it. */
  name: string;
  type: AttributeType;
  multiValued: boolean;
  required: boolean;
  caseExact: boolean;
  mutability: "readOnly" | "readWrite" | "immutable" | "writeOnly";
  returned: "always" | "never" | "default" | "request";
  /** Lower-case name → sub-attribute; empty unless complex. A Map, so that no name from outside can reach a prototype. */
  subAttributes: ReadonlyMap<string, Attribute>;
  /** The longest text that is taken, in UTF-16 units. */
  maxLength: number;
  /** The most values that a multi-valued attribute may have. */
  maxValues: number;
  /** Accepted and thrown away: Muster keeps no passwords of users. */
  discarded: boolean;
  /** It, or a part of it, is not shown unless it is asked for, or not at all. */
  hides: boolean;
};

/** A schema that a resource type is made of, and what the documents about it say. */
export type AttributeTable = {
  urn: string;
  /** By lower-case name. */
  attributes: ReadonlyMap<string, Attribute>;
  /** Whether every resource has it (RFC 7643 §6). */
  required: boolean;
  /** Those that are required, or have a required part. */
  demanding: readonly Attribute[];
  /** Those that are immutable, or have one value with an immutable part. */
  fixed: readonly Attribute[];
  definition: SchemaDefinition;
};

/** A kind of resource with everything that requests may name in it. */
export type ResourceType = {
  name: "User" | "Group";
  endpoint: "/Users" | "/Groups";
  description: string;
  /** The core schema, the common attributes of RFC 7643 §3.1 included. */
  core: AttributeTable;
  extensions: readonly AttributeTable[];
  /** Whether an answer may hold less than the record: something is hidden, or was declared otherwise before. */
  selective: boolean;
};

/** The kinds of resources of one organization, its own extensions included. */
export type ResourceTypes = { User: ResourceType; Group: ResourceType };

/** An attribute that a request named, found in the schema. `extension` is null for the core schema. */
export type AttributePath = { extension: string | null; attribute: Attribute; sub: Attribute | null };

/**
 * The schema of that URN, whatever its case. Lists are short: a scan is cheaper than another index.
 */
export function findSchema(type: ResourceType, urn: string): AttributeTable | undefined {
  const wanted = urn.toLowerCase();
  return [type.core, ...type.extensions].find((schema) => schema.urn.toLowerCase() === wanted);
}

/**
 * The attribute of that name, whatever its case (RFC 7643 §2.1). Without a URN the core schema is asked first, then the
 * extensions: Entra sends `manager` bare (test/fixtures/idp/entra/create-with-nulls.json).
 */
export function findAttribute(
  type: ResourceType,
  urn: string | null,
  name: string,
): { extension: string | null; attribute: Attribute } | undefined {
  const key = name.toLowerCase();
  const schemas = urn === null ? [type.core, ...type.extensions] : [findSchema(type, urn)];
  for (const schema of schemas) {
    const attribute = schema?.attributes.get(key);
    if (schema && attribute) return { extension: schema === type.core ? null : schema.urn, attribute };
  }
  return undefined;
}

/** The part that stands for the whole where a value is compared: `value`, unless nobody may learn it. */
export function defaultPart(attribute: Attribute): Attribute | null {
  const value = attribute.subAttributes.get("value");
  return value === undefined || value.returned === "never" ? null : value;
}

/** What is never returned (RFC 7643 §7) must not be found out by a filter or an order either. */
export function isSecret({ attribute, sub }: AttributePath): boolean {
  return attribute.returned === "never" || sub?.returned === "never";
}

/** The path as a client may write it: qualified where it belongs to an extension. */
export function printPath(path: AttributePath): string {
  const sub = path.sub === null ? "" : `.${path.sub.name}`;
  return `${path.extension === null ? "" : `${path.extension}:`}${path.attribute.name}${sub}`;
}
