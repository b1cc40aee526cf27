import { MusterError } from "../../errors.ts";
import type { Column } from "../../identity/comparison.ts";
import type { Attribute, AttributePath, ResourceType } from "../schema/attribute.ts";

/**
 * The values of a multi-valued attribute as rows: a FROM item, and an expression for each part of a value. `finds` is a
 * condition that an index serves and that every row meets of which a value's part `value` folds to a text that starts like
 * `wanted`, an SQL expression.
 */
export type Source = {
  from: string;
  column(sub: Attribute | null): Column;
  finds?: (wanted: string) => string;
};

/** What the SQL speaks of: the type decides the table (`u` directory users, `g` directory groups). */
export type SqlScope = { type: ResourceType; baseUrl: string };

/** Names come from the schema definitions, never from a request; checked all the same, because they become SQL text. */
function literal(text: string): string {
  if (!/^[\w$:./-]*$/.test(text)) throw new MusterError("internal", `${text} cannot stand in SQL`);
  return `'${text}'`;
}

const ownColumns: Record<ResourceType["name"], Record<string, Column>> = {
  User: {
    id: { sql: "u.id", form: "uuid", nullable: false },
    externalId: { sql: "u.external_id", form: "exact", nullable: true, start: "u.external_id" },
    userName: {
      sql: "u.user_name_key",
      form: "user-name-key",
      nullable: false,
      start: "u.user_name_key",
      unique: true,
    },
    displayName: {
      sql: "(u.resource->>'displayName')",
      form: "folded",
      nullable: true,
      start: "u.shown_name_key",
    },
    active: { sql: "u.active", form: "boolean", nullable: false },
  },
  Group: {
    id: { sql: "g.id", form: "uuid", nullable: false },
    externalId: { sql: "g.external_id", form: "exact", nullable: true, start: "g.external_id" },
    displayName: { sql: "g.display_name_key", form: "key", nullable: false, start: "g.display_name_key" },
  },
};

function alias(scope: SqlScope): "u" | "g" {
  return scope.type.name === "User" ? "u" : "g";
}

/** The expression for a single-valued attribute, or for a part of one. */
export function columnOf(scope: SqlScope, path: AttributePath): Column {
  const { attribute, sub, extension } = path;
  if (extension === null) {
    if (attribute.name === "meta") return metaColumn(scope, sub);
    const own = ownColumns[scope.type.name];
    if (Object.hasOwn(own, attribute.name)) return own[attribute.name] as Column;
  }
  const holder = extension === null ? `${alias(scope)}.resource` : `${alias(scope)}.resource->${literal(extension)}`;
  if (sub !== null) return jsonColumn(`${holder}->${literal(attribute.name)}`, sub);
  return jsonColumn(holder, attribute);
}

/** `holder` is an SQL expression that gives a JSON object. */
function jsonColumn(holder: string, attribute: Attribute): Column {
  return valueColumn(`${holder}->${literal(attribute.name)}`, `${holder}->>${literal(attribute.name)}`, attribute);
}

/**
 * `json` and `text` are SQL expressions for the same value. One that is not of the attribute's type, from before the type
 * was declared, is no value: an error would fail the whole search.
 */
function valueColumn(json: string, text: string, attribute: Attribute): Column {
  switch (attribute.type) {
    case "complex":
      // Only asked whether it is there.
      return { sql: `(${text})`, form: "exact", nullable: true };
    case "boolean":
      return { sql: `(${json} = 'true'::jsonb)`, form: "boolean", nullable: true };
    case "integer":
    case "decimal":
      return {
        sql: `(case jsonb_typeof(${json}) when 'number' then (${text})::numeric end)`,
        form: "number",
        nullable: true,
      };
    case "dateTime":
      return { sql: `time_or_null(${text})`, form: "time", nullable: true };
    case "string":
    case "reference":
    case "binary":
      return { sql: `(${text})`, form: attribute.caseExact ? "exact" : "folded", nullable: true };
  }
}

function metaColumn(scope: SqlScope, sub: Attribute | null): Column {
  const row = alias(scope);
  const exact = (sql: string): Column => ({ sql, form: "exact", nullable: false });
  switch (sub?.name) {
    case undefined:
      return exact("'meta'");
    case "created":
      return { sql: `${row}.created_at`, form: "time", nullable: false };
    case "lastModified":
      return { sql: `${row}.updated_at`, form: "time", nullable: false };
    case "version":
      return exact(`('W/"' || ${row}.version || '"')`);
    case "location":
      return exact(`(${locationPrefix(scope.baseUrl, scope.type.endpoint)} || ${row}.id)`);
    case "resourceType":
      return exact(literal(scope.type.name));
    default:
      throw new MusterError("internal", `no column for meta.${sub?.name}`);
  }
}

function locationPrefix(baseUrl: string, endpoint: string): string {
  return `'${baseUrl.replaceAll("'", "''")}${endpoint}/'`;
}

/** The rows of a multi-valued attribute. */
export function sourceOf(scope: SqlScope, path: AttributePath): Source {
  const { attribute, extension } = path;
  if (extension === null && attribute.name === "schemas") return schemasSource(scope);
  if (extension === null && scope.type.name === "User" && attribute.name === "groups") return groupsSource(scope);
  if (extension === null && scope.type.name === "Group" && attribute.name === "members") return membersSource(scope);
  const keys = (extension === null ? [attribute.name] : [extension, attribute.name]).map((key) => `."${key}"`).join("");
  return {
    ...(extension === null && scope.type.name === "User" && attribute.name === "emails" && { finds: hasAddress }),
    // jsonpath in its lax mode: absent is no row.
    from: `jsonb_path_query(${alias(scope)}.resource, ${jsonPath(keys)}) as e (v)`,
    column: (sub) => {
      if (sub === null) return valueColumn("e.v", "(e.v #>> '{}')", attribute);
      const column = jsonColumn("e.v", sub);
      // A value that does not say whether it is primary is not (RFC 7643 §2.4).
      if (sub.name !== "primary" || sub.type !== "boolean") return column;
      return { ...column, sql: `coalesce(${column.sql}, false)`, nullable: false };
    },
  };
}

/** Ids first: then the key of the table is the index. Other directories' records are left out by the rest of the statement. */
function hasAddress(wanted: string): string {
  return `(u.id = any (array(
    select a.id from directory_users a
    where a.organization = current_setting('muster.organization')::uuid and a.first_address_key = ${wanted} and a.deleted_at is null
    union all
    select a.directory_user from further_addresses a
    where a.organization = current_setting('muster.organization')::uuid and a.address_key = ${wanted})))`;
}

function jsonPath(keys: string): string {
  if (!/^(\."[\w$:.-]+")+$/.test(keys)) throw new MusterError("internal", `${keys} cannot stand in SQL`);
  return `'$${keys}[*]'`;
}

function schemasSource(scope: SqlScope): Source {
  const extensions = scope.type.extensions.map(
    ({ urn }) => `, case when ${alias(scope)}.resource ? ${literal(urn)} then ${literal(urn)} end`,
  );
  return {
    from: `(select s.v from unnest(array[${literal(scope.type.core.urn)}${extensions.join("")}]) as s (v) where s.v is not null) as e`,
    column: () => ({ sql: "e.v", form: "folded", nullable: false }),
  };
}

/** The groups of a record, through nesting inside its directory, as `groupsOfDirectoryUsers` shows them. */
function groupsSource(scope: SqlScope): Source {
  const from = `(
    with recursive member (id, display, direct) as (
      select c.id, c.display_name, true
      from remote_memberships m join directory_groups c on c.organization = m.organization and c.id = m.group_id
      where m.organization = u.organization and m.directory_user = u.id
        and c.directory = u.directory and c.deleted_at is null
      union
      select c.id, c.display_name, false
      from member m
      join group_nestings n on n.organization = u.organization and n.child = m.id and n.origin = 'remote'
      join directory_groups c on c.organization = n.organization and c.id = n.parent
      where c.directory = u.directory and c.deleted_at is null
    )
    select id, display, case when bool_or(direct) then 'direct' else 'indirect' end as type
    from member group by id, display) as e`;
  return { from, column: (sub) => referenceColumn(sub, `${locationPrefix(scope.baseUrl, "/Groups")} || e.id`) };
}

function membersSource(scope: SqlScope): Source {
  const from = `(
    select c.id, coalesce(c.display_name, c.user_name) as display, 'User' as type
    from remote_memberships m join directory_users c on c.organization = g.organization and c.id = m.directory_user
    where m.organization = g.organization and m.group_id = g.id and c.deleted_at is null
    union all
    select c.id, c.display_name, 'Group'
    from group_nestings n join directory_groups c on c.organization = g.organization and c.id = n.child
    where n.organization = g.organization and n.parent = g.id and n.origin = 'remote' and c.deleted_at is null) as e`;
  const users = locationPrefix(scope.baseUrl, "/Users");
  const groups = locationPrefix(scope.baseUrl, "/Groups");
  return {
    from,
    column: (sub) => referenceColumn(sub, `case e.type when 'User' then ${users} else ${groups} end || e.id`),
  };
}

/** A part of a value that stands for another resource. */
function referenceColumn(sub: Attribute | null, location: string): Column {
  switch (sub?.name) {
    case undefined:
    case "value":
      return { sql: "e.id", form: "reference", nullable: false };
    case "display":
      return { sql: "e.display", form: "folded", nullable: true };
    case "type":
      return { sql: "e.type", form: "folded", nullable: false };
    case "$ref":
      return { sql: `(${location})`, form: "folded", nullable: false };
    default:
      throw new MusterError("internal", `no column for ${sub?.name}`);
  }
}
