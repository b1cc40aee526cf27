import type { RightScope } from "./rights/permissions.ts";

/** What a list is narrowed to: the scopes of whoever asks, as `reach` gives them; null: the whole organization. */
export type Within = readonly RightScope[] | null;

/** A page in the order of ids. */
export type IdPage<Id> = { after: Id | null; limit: number };

/** Adds a value to a statement's parameters and returns how the text names it. */
export type Bind = (value: unknown) => string;

/** The parameters of a statement whose text is put together. */
export function binding(values: unknown[]): Bind {
  return (value) => `$${values.push(value)}`;
}

/**
 * A condition that a row lies within the scopes: what `covers` says of one target, in SQL. The statement's first
 * parameter is the organization; `row` is how it calls the site's id, the product's alias or the group's id.
 */
export function inScopes(within: Within, noun: "site" | "product" | "group", row: string, bind: Bind): string {
  if (within === null) return "true";
  const ids = (kind: RightScope["kind"]) =>
    `any (${bind(within.flatMap((scope) => (scope.kind === kind && "id" in scope ? [scope.id] : [])))}::uuid[])`;
  switch (noun) {
    case "site":
      return `${row} = ${ids("site")}`;
    case "product":
      return `(${row}.site = ${ids("site")} or ${row}.id = ${ids("product")})`;
    case "group":
      // A group also lies where it has a role: whoever manages a product sees who is let in to it.
      return `(${row} = ${ids("group")} or exists (select from role_grants w
        join products wp on wp.organization = w.organization and wp.id = w.product
        where w.organization = $1 and w.group_id = ${row} and (wp.site = ${ids("site")} or wp.id = ${ids("product")})))`;
  }
}
