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
    ...(canonicalValues && canonicalValues.length > 0 ? { canonicalValues } : {}),
    ...(subAttributes ? { subAttributes: subAttributes.map(tidy) } : {}),
  };
}

/** The schemas of RFC 7643 §4 as scimmy defines them: data only, nothing of a request ever gets there. */
export const userDefinition = readDefinition(SCIMMY.Schemas.User);
export const groupDefinition = readDefinition(SCIMMY.Schemas.Group);
export const enterpriseUserDefinition = readDefinition(SCIMMY.Schemas.EnterpriseUser);
