import { schemaExtensionList } from "../../../src/identity/schema-extensions/form.ts";

export const BADGE = "urn:example:scim:1.0:Badge";
export const TEAM = "urn:example:scim:1.0:Team";

const value = { name: "value", type: "string" };
const doors = {
  name: "doors",
  type: "complex",
  multiValued: true,
  subAttributes: [
    value,
    { name: "floor", type: "integer" },
    { name: "open", type: "boolean" },
    { name: "until", type: "dateTime" },
    { name: "primary", type: "boolean" },
  ],
};
const desk = {
  name: "desk",
  type: "complex",
  subAttributes: [
    { name: "room", type: "string", caseExact: true },
    { name: "height", type: "decimal" },
  ],
};

/** Attributes of every type, single and several, with and without parts; of people and of groups. */
export const everything = schemaExtensionList.parse([
  {
    urn: BADGE,
    resource: "User",
    name: "Badge",
    description: "What opens doors",
    attributes: [
      { name: "number", type: "string" },
      { name: "code-Exact", type: "string", caseExact: true },
      { name: "level", type: "integer" },
      { name: "weight", type: "decimal" },
      { name: "temporary", type: "boolean" },
      { name: "issued", type: "dateTime" },
      { name: "photo", type: "binary" },
      { name: "site", type: "reference" },
      { name: "tags", type: "string", multiValued: true },
      { name: "levels", type: "integer", multiValued: true },
      { name: "days", type: "dateTime", multiValued: true },
      { name: "flags", type: "boolean", multiValued: true },
      doors,
      desk,
    ],
  },
  {
    urn: TEAM,
    resource: "Group",
    name: "Team",
    attributes: [{ name: "budget", type: "decimal" }, { name: "members", type: "string", multiValued: true }, desk],
  },
]);
