import { type Filter as AnyFilter, printFilter as print } from "../../filter/ast.ts";
import { type AttributePath, printPath } from "../schema/attribute.ts";

/** A filter whose names are attributes of the schema. */
export type Filter = AnyFilter<AttributePath>;

/** The filter as text that parses to the same tree. */
export function printFilter(filter: Filter): string {
  return print(filter, (path, inside) => (inside && path.sub !== null ? path.sub.name : printPath(path)));
}
