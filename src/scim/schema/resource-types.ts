import type { SchemaExtension } from "../../identity/schema-extensions/form.ts";
import type { AttributeTable, ResourceType, ResourceTypes } from "./attribute.ts";
import { compileSchema } from "./compile.ts";
import { enterpriseUserDefinition, groupDefinition, userDefinition } from "./definitions.ts";

/** The kinds of resources of every organization, as RFC 7643 §4 defines them. */
export const userType: ResourceType = {
  name: "User",
  endpoint: "/Users",
  description: "User Account",
  core: compileSchema(userDefinition, { core: true, required: false }),
  extensions: [compileSchema(enterpriseUserDefinition, { core: false, required: false })],
  selective: false,
};

export const groupType: ResourceType = {
  name: "Group",
  endpoint: "/Groups",
  description: "Group",
  core: compileSchema(groupDefinition, { core: true, required: false }),
  extensions: [],
  selective: false,
};

export const CORE_TYPES: ResourceTypes = { User: userType, Group: groupType };

/** The kinds of resources of an organization that declares these extensions. */
export function compileTypes(extensions: readonly SchemaExtension[]): ResourceTypes {
  const extended = (type: ResourceType): ResourceType => {
    const own = extensions.filter(({ resource }) => resource === type.name);
    return { ...type, extensions: [...type.extensions, ...own.map(compileExtension)], selective: true };
  };
  return { User: extended(userType), Group: extended(groupType) };
}

function compileExtension({ urn, name, description, required, attributes }: SchemaExtension): AttributeTable {
  return compileSchema({ id: urn, name, description: description ?? name, attributes }, { core: false, required });
}
