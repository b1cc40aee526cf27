import { isDeepStrictEqual } from "node:util";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { nameKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import type { SchemaExtension } from "./form.ts";
import { refuseObstacles } from "./obstacles.ts";
import { listSchemaExtensions } from "./read.ts";

/** What became of one extension. */
export type ExtensionOutcome = { urn: string; outcome: "created" | "updated" | "unchanged" | "removed" };

/**
 * Makes this the whole of the organization's schema extensions.
 *
 * Before: the list has the form that `schemaExtensionList` reads, and the organization is locked exclusively. After: it
 * stands, with audit rows; the organization's schema version is one higher when anything changed, so that whoever
 * compiled the older extensions compiles these. A request that was read by the older ones may still leave a value of them
 * (a creation takes no lock): the schemas of `src/scim` do not show it and no search fails at it.
 * Returns what became of each, the removed ones last.
 * @throws MusterError `conflict` where records contradict the change.
 */
export async function setSchemaExtensions(tx: Tx, wanted: readonly SchemaExtension[]): Promise<ExtensionOutcome[]> {
  requireExclusive(tx);
  const held = new Map((await listSchemaExtensions(tx)).map((extension) => [nameKey(extension.urn), extension]));
  const kept = new Set(wanted.map(({ urn }) => nameKey(urn)));
  const outcomes = [
    ...wanted.map((extension): ExtensionOutcome => {
      const before = held.get(nameKey(extension.urn));
      const same = before !== undefined && isDeepStrictEqual(before, extension);
      return { urn: extension.urn, outcome: same ? "unchanged" : before ? "updated" : "created" };
    }),
    ...[...held]
      .filter(([key]) => !kept.has(key))
      .map(([, { urn }]): ExtensionOutcome => ({ urn, outcome: "removed" })),
  ];
  const changed = outcomes.filter(({ outcome }) => outcome !== "unchanged");
  if (changed.length === 0) return outcomes;
  await refuseObstacles(tx, [...held.values()], wanted);
  const written = new Set(changed.map(({ urn }) => urn));
  await write(
    tx,
    kept,
    wanted.filter(({ urn }) => written.has(urn)),
  );
  await recordChanges(
    tx,
    changed.map(({ urn, outcome }) => ({
      action: `schema-extension.${outcome}`,
      subjectKind: "organization",
      subject: tx.organization,
      detail: { urn, before: held.get(nameKey(urn)) ?? null, after: wanted.find((each) => each.urn === urn) ?? null },
    })),
  );
  return outcomes;
}

async function write(tx: Tx, kept: ReadonlySet<string>, changed: readonly SchemaExtension[]): Promise<void> {
  await tx.query({
    text: `
      with gone as (
        delete from schema_extensions where organization = $1 and urn_key <> all ($2::text[])
      ), raised as (
        update organizations set schema_version = schema_version + 1 where id = $1
      )
      insert into schema_extensions (organization, urn, urn_key, resource_type, name, description, required, attributes)
      select $1, urn, urn_key, resource_type, name, description, required, attributes
      from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::jsonb[])
        as w (urn, urn_key, resource_type, name, description, required, attributes)
      order by urn_key
      on conflict on constraint schema_extensions_pk do update set urn = excluded.urn,
        resource_type = excluded.resource_type, name = excluded.name, description = excluded.description,
        required = excluded.required, attributes = excluded.attributes, updated_at = statement_timestamp()`,
    values: [
      tx.organization,
      [...kept],
      changed.map(({ urn }) => urn),
      changed.map(({ urn }) => nameKey(urn)),
      changed.map(({ resource }) => resource),
      changed.map(({ name }) => name),
      changed.map(({ description }) => description ?? null),
      changed.map(({ required }) => required),
      changed.map(({ attributes }) => JSON.stringify(attributes)),
    ],
  });
}
