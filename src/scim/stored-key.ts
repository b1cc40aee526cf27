import { invalidValue } from "./schema/document.ts";

/** PostgreSQL refuses index rows of more than a third of a page; keys grow when they are folded. */
const MAX_KEY_BYTES = 2_000;

/**
 * Refuses a text whose key would be too long for an index.
 * @throws MusterError `invalid-value` naming the attribute.
 */
export function requireIndexable(attribute: string, key: unknown): void {
  if (typeof key === "string" && Buffer.byteLength(key) > MAX_KEY_BYTES) throw invalidValue(attribute, "is too long");
}
