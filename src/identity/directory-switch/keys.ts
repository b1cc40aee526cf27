import type { DirectoryId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";
import { nameKey } from "../keys.ts";
import type { Bind } from "../within.ts";

/** By what a record of one directory is known in another one. */
export type Match =
  | { by: "column"; column: "user_name_key" | "email_key" | "external_id" }
  | {
      by: "attribute";
      /** The extension's URN, folded; null: none was named, so the attribute may also be an extension's. */
      urn: string | null;
      /** Of the core schema alone. */
      core: boolean;
      name: string;
      sub: string | null;
    };

const COLUMNS: Readonly<Record<string, "user_name_key" | "email_key" | "external_id">> = {
  username: "user_name_key",
  email: "email_key",
  externalid: "external_id",
};

const CORE = "urn:ietf:params:scim:schemas:core:2.0:user";
const NAME = /^\$?[a-z][a-z0-9_-]*$/;
const URN = /^urn:[a-z0-9][a-z0-9-]{0,31}:[\w:.+-]+$/;

/**
 * Reads `userName`, `email`, or the path of a SCIM attribute (RFC 7644 §3.10), capitals or not: `externalId`,
 * `employeeNumber`, `urn:…:User:employeeNumber`, `phoneNumbers.value`.
 * @throws MusterError `invalid`.
 */
export function parseMatch(text: string): Match {
  const path = nameKey(text);
  const colon = path.lastIndexOf(":");
  const urn = colon < 0 ? null : path.slice(0, colon);
  const [name = "", sub = null, ...more] = path.slice(colon + 1).split(".");
  const known = urn === null || urn === CORE ? COLUMNS[name] : undefined;
  if (known !== undefined && Object.hasOwn(COLUMNS, name) && sub === null) return { by: "column", column: known };
  const isPath = text.length <= 300 && NAME.test(name) && (sub === null || NAME.test(sub)) && more.length === 0;
  if (!isPath || (urn !== null && !URN.test(urn)))
    throw new MusterError("invalid", "people are matched by userName, by email, or by an attribute's path", {
      at: "match",
    });
  return { by: "attribute", urn: urn === CORE ? null : urn, core: urn === CORE, name, sub };
}

/**
 * A statement that gives every live record of the directory with what it is known by: `id`, `key`. User names and addresses
 * are compared by their keys, everything else exactly. Of an attribute with several values each is a key.
 */
export function keysOf(match: Match, directory: DirectoryId, bind: Bind): string {
  const live = `from directory_users u`;
  const where = `where u.organization = $1 and u.directory = ${bind(directory)} and u.deleted_at is null`;
  if (match.by === "column")
    return `select u.id, u.${match.column} as key ${live} ${where} and u.${match.column} is not null`;
  return `select distinct u.id, s.value #>> '{}' as key ${live}
    cross join lateral (
      select u.resource as value where ${bind(match.urn)}::text is null
      union all
      select x.value from jsonb_each(u.resource) x
      where not ${bind(match.core)}::boolean and starts_with(x.key, 'urn:') and jsonb_typeof(x.value) = 'object'
        and (${bind(match.urn)}::text is null or fold_text(x.key) = ${bind(match.urn)})) h
    cross join lateral (select a.value from jsonb_each(h.value) a where fold_text(a.key) = ${bind(match.name)}) a
    cross join lateral jsonb_array_elements(
      case jsonb_typeof(a.value) when 'array' then a.value else jsonb_build_array(a.value) end) e (value)
    cross join lateral (
      select case
        when jsonb_typeof(e.value) <> 'object' then case when ${bind(match.sub)}::text is null then e.value end
        else (select p.value from jsonb_each(case jsonb_typeof(e.value) when 'object' then e.value else '{}' end) p
          where fold_text(p.key) = ${bind(match.sub ?? "value")} limit 1) end as value) s
    ${where} and jsonb_typeof(s.value) in ('string', 'number', 'boolean') and s.value #>> '{}' <> ''`;
}
