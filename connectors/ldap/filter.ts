/** Parts of search filters as text (RFC 4515); values are never taken for syntax. */

export function equals(attribute: string, value: string | Buffer): string {
  return `(${attribute}=${typeof value === "string" ? escaped(value) : hex(value)})`;
}

export function either(filters: readonly string[]): string {
  return `(|${filters.join("")})`;
}

function escaped(value: string): string {
  return value.replaceAll(/[\\*()\0]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function hex(value: Buffer): string {
  return [...value].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}
