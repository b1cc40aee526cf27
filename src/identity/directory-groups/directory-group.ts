import type { DirectoryId, GroupId } from "../../db/id.ts";
import { nameKey } from "../keys.ts";

/** What a directory says of one group, without its members. */
export type DirectoryGroupInput = {
  id: GroupId;
  immutableId: string | null;
  externalId: string | null;
  displayName: string;
  resource: Record<string, unknown>;
  contentHash: Buffer | null;
  /** The directory allows no second live group of this name (SCIM); a pulled directory may hold twins. */
  uniqueName: boolean;
};

/** A group as one directory holds it. The group that roles are granted to has the same id. */
export type DirectoryGroup = Omit<DirectoryGroupInput, "uniqueName"> & {
  directory: DirectoryId;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/** The columns of a group in the order and with the names of `DirectoryGroup`; the table's alias is `g`. */
export const directoryGroupColumns = `g.id, g.directory, g.immutable_id as "immutableId", g.external_id as "externalId",
  g.display_name as "displayName", g.resource, g.content_hash as "contentHash", g.version,
  g.created_at as "createdAt", g.updated_at as "updatedAt"`;

/** The inputs as parallel arrays for `unnest`. */
export function toColumns(inputs: readonly DirectoryGroupInput[]): unknown[] {
  return [
    inputs.map((input) => input.id),
    inputs.map((input) => input.immutableId),
    inputs.map((input) => input.externalId),
    inputs.map((input) => input.displayName),
    inputs.map((input) => nameKey(input.displayName)),
    inputs.map((input) => (input.uniqueName ? nameKey(input.displayName) : null)),
    inputs.map((input) => JSON.stringify(input.resource)),
    inputs.map((input) => input.contentHash),
  ];
}

/** The `unnest` that goes with `toColumns`, its first parameter being `$first`. */
export function fromColumns(first: number): string {
  const types = ["uuid", "text", "text", "text", "text", "text", "jsonb", "bytea"];
  const parameters = types.map((type, index) => `$${first + index}::${type}[]`).join(", ");
  return `unnest(${parameters}) as i (id, immutable_id, external_id, display_name, display_name_key, name_claim,
    resource, content_hash)`;
}
