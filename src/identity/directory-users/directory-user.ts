import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import { emailDomain, emailKey, userNameKey } from "../keys.ts";

/** What a directory says of one person; the whole content of the record. */
export type DirectoryUserInput = {
  id: DirectoryUserId;
  /** The directory's own unchanging id, or null where Muster's id is that id (SCIM). */
  immutableId: string | null;
  externalId: string | null;
  userName: string;
  active: boolean;
  email: string | null;
  displayName: string | null;
  /** SCIM attributes in canonical form, without id, schemas, meta, groups, userName, externalId, active. */
  resource: Record<string, unknown>;
  contentHash: Buffer | null;
};

/** A record as one directory holds it. */
export type DirectoryUser = DirectoryUserInput & {
  directory: DirectoryId;
  account: AccountId;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/** The columns of a record in the order and with the names of `DirectoryUser`; the table's alias is `u`. */
export const directoryUserColumns = `u.id, u.directory, u.account, u.immutable_id as "immutableId",
  u.external_id as "externalId", u.user_name as "userName", u.active, u.email, u.display_name as "displayName",
  u.resource, u.content_hash as "contentHash", u.version, u.created_at as "createdAt", u.updated_at as "updatedAt"`;

/** The inputs as parallel arrays for `unnest`, with the folded keys that the table keeps beside them. */
export function toColumns(inputs: readonly DirectoryUserInput[]): unknown[] {
  const keys = inputs.map((input) => (input.email === null ? null : emailKey(input.email)));
  return [
    inputs.map((input) => input.id),
    inputs.map((input) => input.immutableId),
    inputs.map((input) => input.externalId),
    inputs.map((input) => input.userName),
    inputs.map((input) => userNameKey(input.userName)),
    inputs.map((input) => input.active),
    inputs.map((input) => input.email),
    keys,
    keys.map((key) => (key === null ? null : emailDomain(key))),
    inputs.map((input) => input.displayName),
    inputs.map((input) => JSON.stringify(input.resource)),
    inputs.map((input) => input.contentHash),
  ];
}

const TYPES = ["uuid", "text", "text", "text", "text", "boolean", "text", "text", "text", "text", "jsonb", "bytea"];

/** The `unnest` that goes with `toColumns`, its first parameter being `$first`; `more` are further columns and their types. */
export function fromColumns(first: number, more: Readonly<Record<string, string>> = {}): string {
  const types = [...TYPES, ...Object.values(more)];
  const parameters = types.map((type, index) => `$${first + index}::${type}[]`).join(", ");
  return `unnest(${parameters}) as i (id, immutable_id, external_id, user_name, user_name_key, active, email, email_key,
    email_domain, display_name, resource, content_hash${Object.keys(more).map((name) => `, ${name}`)})`;
}

/** One input as the parameters of a function, the first being `$first`. */
export function fromValues(first: number): string {
  return TYPES.map((type, index) => `$${first + index}::${type}`).join(", ");
}

/** The values that go with `fromValues`. */
export function toValues(input: DirectoryUserInput): unknown[] {
  return toColumns([input]).map((column) => (column as unknown[])[0]);
}

/** Whether a record has more addresses than the first, so that `further_addresses` must be told of it (migration 0015). */
export function hasFurtherAddresses(resource: Record<string, unknown>): boolean {
  return Array.isArray(resource.emails) && resource.emails.length > 1;
}
