import SCIMMY from "scimmy";
import { z } from "zod";

const attributeDefinition = z.object({
  name: z.string().regex(/^[$a-zA-Z][\w$-]*$/),
  type: z.enum(["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"]),
  description: z.string().optional(),
  multiValued: z.boolean().default(false),
  required: z.boolean().default(false),
  caseExact: z.boolean().optional(),
  mutability: z.enum(["readOnly", "readWrite", "immutable", "writeOnly"]).default("readWrite"),
  returned: z.enum(["always", "never", "default", "request"]).default("default"),
  uniqueness: z.enum(["none", "server", "global"]).optional(),
  canonicalValues: z.array(z.string()).optional(),
  referenceTypes: z.array(z.string()).optional(),
  get subAttributes() {
    return z.array(attributeDefinition).optional();
  },
});

const schemaDefinition = z.object({
  id: z.string().regex(/^urn:[\w:.-]+$/),
  name: z.string(),
  description: z.string(),
  attributes: z.array(attributeDefinition),
});

/** An attribute as a schema document shows it (RFC 7643 §7). */
export type AttributeDefinition = z.output<typeof attributeDefinition>;

/** A schema document without `schemas` and `meta`, which depend on who asks. */
export type SchemaDefinition = z.output<typeof schemaDefinition>;

/** RFC 7643 §7 and RFC 9865 §4, in a few words. */
const SAYS: Readonly<Record<string, string>> = {
  primary: "Whether this is the preferred value; only one is",
  pagination: "How lists are cut into pages",
  cursor: "Whether pages can be walked with a cursor",
  index: "Whether pages can be asked for by their first index",
  defaultPaginationMethod: "What a request gets that names neither",
  defaultPageSize: "Resources on a page when nobody says how many",
  maxPageSize: "Resources on a page at most",
  cursorTimeout: "Seconds for which a cursor is good at least",
  id: "The URI of the schema",
  name: "The name",
  description: "What it is, for people",
  attributes: "The attributes of the schema",
  subAttributes: "The parts of a complex attribute",
  type: "The type of its values",
  multiValued: "Whether it may have several values",
  required: "Whether it must have a value",
  canonicalValues: "Values that are usual",
  caseExact: "Whether the case of a text counts",
  mutability: "Whether and when it may be written",
  returned: "When an answer shows it",
  uniqueness: "Among which resources its value is the only one",
  referenceTypes: "The kinds of resources that it may refer to",
};

function readDefinition(schema: { definition: { describe(): unknown } }): SchemaDefinition {
  // Through JSON: scimmy's descriptions are live objects whose characteristics appear only when they are serialised.
  const described = schemaDefinition.parse(JSON.parse(JSON.stringify(schema.definition.describe())));
  return { ...described, attributes: described.attributes.map(tidy) };
}

/** An empty list of canonical values would forbid every value. */
function tidy(attribute: AttributeDefinition): AttributeDefinition {
  const { canonicalValues, subAttributes, ...rest } = attribute;
  return {
    ...rest,
    // scimmy leaves this one out.
    description: rest.description || (rest.name === "primary" ? SAYS.primary : ""),
    ...(canonicalValues && canonicalValues.length > 0 ? { canonicalValues } : {}),
    ...(subAttributes ? { subAttributes: subAttributes.map(tidy) } : {}),
  };
}

/** The schemas of RFC 7643 §4 as scimmy defines them: data only, nothing of a request ever gets there. */
export const userDefinition = readDefinition(SCIMMY.Schemas.User);
export const enterpriseUserDefinition = readDefinition(SCIMMY.Schemas.EnterpriseUser);
/** Providers match groups by name, so Muster keeps names unique in a directory; the RFC leaves that open. */
export const groupDefinition = withAttribute(readDefinition(SCIMMY.Schemas.Group), "displayName", {
  uniqueness: "server",
});

function withAttribute(
  definition: SchemaDefinition,
  name: string,
  change: Partial<AttributeDefinition>,
): SchemaDefinition {
  const changed = (attribute: AttributeDefinition) =>
    attribute.name === name ? { ...attribute, ...change } : attribute;
  return { ...definition, attributes: definition.attributes.map(changed) };
}

const serviceProviderConfig = readDefinition(SCIMMY.Schemas.ServiceProviderConfig);

/** The schemas of what discovery itself answers (RFC 7643 §8.7.2). */
export const serviceDefinitions: readonly SchemaDefinition[] = [
  {
    ...serviceProviderConfig,
    attributes: [
      ...serviceProviderConfig.attributes.map((attribute) =>
        attribute.name === "authenticationSchemes"
          ? { ...attribute, subAttributes: [...(attribute.subAttributes ?? []), readOnly("primary", "boolean", false)] }
          : attribute,
      ),
      // RFC 9865 §4.
      {
        ...readOnly("pagination", "complex", false),
        subAttributes: [
          readOnly("cursor", "boolean", true),
          readOnly("index", "boolean", true),
          readOnly("defaultPaginationMethod", "string", false),
          readOnly("defaultPageSize", "integer", false),
          readOnly("maxPageSize", "integer", false),
          readOnly("cursorTimeout", "integer", false),
        ],
      },
    ],
  },
  readDefinition(SCIMMY.Schemas.ResourceType),
  {
    id: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "Specifies the schema that describes a SCIM schema",
    attributes: [
      readOnly("id", "string", true),
      readOnly("name", "string", false),
      readOnly("description", "string", false),
      {
        ...readOnly("attributes", "complex", true),
        multiValued: true,
        subAttributes: [
          ...describesAttribute(),
          { ...readOnly("subAttributes", "complex", false), multiValued: true, subAttributes: describesAttribute() },
        ],
      },
    ],
  },
];

function readOnly(name: string, type: AttributeDefinition["type"], required: boolean): AttributeDefinition {
  return {
    name,
    type,
    description: SAYS[name] ?? "",
    multiValued: false,
    required,
    ...(type === "string" ? { caseExact: false } : {}),
    mutability: "readOnly",
    returned: "default",
    uniqueness: "none",
  };
}

/** What RFC 7643 §7 says of every attribute. */
function describesAttribute(): AttributeDefinition[] {
  const keyword = (name: string, required: boolean): AttributeDefinition => ({
    ...readOnly(name, "string", required),
    caseExact: true,
  });
  return [
    keyword("name", true),
    keyword("type", true),
    readOnly("multiValued", "boolean", true),
    keyword("description", false),
    readOnly("required", "boolean", false),
    { ...keyword("canonicalValues", false), multiValued: true },
    readOnly("caseExact", "boolean", false),
    keyword("mutability", false),
    keyword("returned", false),
    keyword("uniqueness", false),
    { ...keyword("referenceTypes", false), multiValued: true },
  ];
}
