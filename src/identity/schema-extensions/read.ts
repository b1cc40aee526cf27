import type { Db } from "../../db/connection.ts";
import { MusterError } from "../../errors.ts";
import { extensionAttributes, type SchemaExtension } from "./form.ts";

/** The organization's schema extensions by URN (RFC 7643 §3.3). @throws MusterError `internal` for a row that no release wrote. */
export async function listSchemaExtensions(db: Db): Promise<SchemaExtension[]> {
  const rows = await db.query<Omit<SchemaExtension, "description"> & { description: string | null }>({
    text: `select urn, resource_type as resource, name, description, required, attributes from schema_extensions
      where organization = $1 order by urn_key`,
    values: [db.organization],
  });
  return rows.map(({ description, attributes, ...row }) => ({
    ...row,
    ...(description === null ? {} : { description }),
    attributes: checked(row.urn, attributes),
  }));
}

function checked(urn: string, stored: unknown): SchemaExtension["attributes"] {
  const parsed = extensionAttributes.safeParse(stored);
  if (!parsed.success)
    throw new MusterError("internal", `the stored schema extension ${urn} is none`, { cause: parsed.error });
  return parsed.data;
}

/** How many live records of the organization have a value of each of these extensions, by URN. */
export async function countRecordsWith(db: Db, extensions: readonly SchemaExtension[]): Promise<Map<string, number>> {
  const rows = await db.query<{ urn: string; count: number }>({
    text: `
      select e.urn, count(r.id)::int as count
      from unnest($2::text[], $3::text[]) as e (urn, resource)
      left join (
        select id, resource as held, 'User' as resource from directory_users where organization = $1 and deleted_at is null
        union all
        select id, resource, 'Group' from directory_groups where organization = $1 and deleted_at is null
      ) r on r.resource = e.resource and r.held ? e.urn
      group by e.urn`,
    values: [db.organization, extensions.map(({ urn }) => urn), extensions.map(({ resource }) => resource)],
  });
  return new Map(rows.map(({ urn, count }) => [urn, count]));
}
