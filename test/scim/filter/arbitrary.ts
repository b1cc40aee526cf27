import fc from "fast-check";
import type { Operator, Value } from "../../../src/filter/ast.ts";
import type { Filter } from "../../../src/scim/filter/ast.ts";
import type { Attribute, AttributePath, ResourceType } from "../../../src/scim/schema/attribute.ts";

/** Every attribute, and every part of one, that a filter may name. */
function allPaths(type: ResourceType): AttributePath[] {
  return [type.core, ...type.extensions].flatMap((schema) =>
    [...schema.attributes.values()]
      .filter((attribute) => attribute.returned !== "never")
      .flatMap((attribute) => {
        const extension = schema === type.core ? null : schema.urn;
        const parts = [...attribute.subAttributes.values()].map((sub) => ({ extension, attribute, sub }));
        return [{ extension, attribute, sub: null }, ...parts];
      }),
  );
}

/** The values that filters of a test compare with: those of its data, and others. */
export type Pool = (attribute: Attribute) => fc.Arbitrary<Value>;

export const anyValue: Pool = (attribute) => {
  switch (attribute.type) {
    case "boolean":
      return fc.boolean();
    case "integer":
    case "decimal":
      return fc.integer();
    case "dateTime":
      return fc
        .date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
        .map((date) => date.toISOString());
    default:
      return fc.string({ unit: "binary", maxLength: 12 }).filter((text) => !text.includes("\0") && text.isWellFormed());
  }
};

const ORDER: Operator[] = ["gt", "ge", "lt", "le"];
const SUBSTRING: Operator[] = ["co", "sw", "ew"];

function operators(attribute: Attribute): Operator[] {
  switch (attribute.type) {
    case "boolean":
      return ["eq", "ne"];
    case "binary":
      return ["eq", "ne", ...SUBSTRING];
    case "integer":
    case "decimal":
    case "dateTime":
      return ["eq", "ne", ...ORDER];
    default:
      return ["eq", "ne", ...SUBSTRING, ...ORDER];
  }
}

function comparison(path: AttributePath, pool: Pool): fc.Arbitrary<Filter> {
  const attribute = path.sub ?? path.attribute;
  const unequal = fc.record({ operator: fc.constantFrom(...operators(attribute)), value: pool(attribute) });
  const withNull = fc.record({ operator: fc.constantFrom<Operator>("eq", "ne"), value: fc.constant(null) });
  return fc
    .oneof({ weight: 9, arbitrary: unequal }, { weight: 1, arbitrary: withNull })
    .map(({ operator, value }) => ({ kind: "compare", path, operator, value }));
}

function term(path: AttributePath, pool: Pool): fc.Arbitrary<Filter> {
  const present = fc.constant<Filter>({ kind: "present", path });
  const isWhole = path.sub === null && path.attribute.type === "complex";
  return isWhole
    ? present
    : fc.oneof({ weight: 5, arbitrary: comparison(path, pool) }, { weight: 1, arbitrary: present });
}

function tree(leaf: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom("and" as const, "or" as const),
          terms: fc.array(tie("filter"), { minLength: 2, maxLength: 4 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("not" as const), term: tie("filter") }) },
    ),
  })).filter;
}

/** Any filter that the schema allows, value paths included. */
export function anyFilter(type: ResourceType, pool: Pool): fc.Arbitrary<Filter> {
  const paths = allPaths(type);
  const leaf = fc.constantFrom(...paths).chain((path) => term(path, pool));
  const complex = paths.filter((path) => path.sub === null && path.attribute.subAttributes.size > 0);
  if (complex.length === 0) return tree(leaf);
  const value = fc.constantFrom(...complex).chain((path) => {
    const parts = [...path.attribute.subAttributes.values()].map((sub) => ({ ...path, sub }));
    const inner = tree(fc.constantFrom(...parts).chain((part) => term(part, pool)));
    return inner.map((filter): Filter => ({ kind: "value", path, filter }));
  });
  return tree(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: value }));
}
