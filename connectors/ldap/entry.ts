import { isUtf8 } from "node:buffer";
import type { SearchEntry } from "ldapts";

/** One entry as the server sent it. Attribute names are compared without case; values are bytes until asked for as text. */
export type LdapEntry = {
  dn: string;
  has(attribute: string): boolean;
  /** The values that are text: valid UTF-8 without NUL, not empty, spaces around them gone. */
  texts(attribute: string): string[];
  /** The first of `texts`, in the server's order. */
  text(attribute: string): string | null;
  bytes(attribute: string): readonly Buffer[];
  /** Attribute descriptions as the server spells them, with options (`member;range=0-1499`). */
  descriptions(): string[];
};

export function ldapEntry(received: SearchEntry): LdapEntry {
  const values = new Map<string, readonly Buffer[]>();
  for (const attribute of received.attributes) {
    const key = attribute.type.toLowerCase();
    const before = values.get(key);
    values.set(key, before === undefined ? attribute.parsedBuffers : [...before, ...attribute.parsedBuffers]);
  }
  const bytes = (attribute: string): readonly Buffer[] => values.get(attribute.toLowerCase()) ?? NONE;
  return {
    dn: received.name.replaceAll("\0", "\u{FFFD}"),
    has: (attribute) => bytes(attribute).length > 0,
    texts: (attribute) => bytes(attribute).flatMap((value) => asText(value) ?? []),
    text(attribute) {
      for (const value of bytes(attribute)) {
        const text = asText(value);
        if (text !== null) return text;
      }
      return null;
    },
    bytes,
    descriptions: () => received.attributes.map((attribute) => attribute.type),
  };
}

const NONE: readonly Buffer[] = [];

function asText(value: Buffer): string | null {
  if (!isUtf8(value)) return null;
  const text = value.toString("utf8").trim();
  return text === "" || text.includes("\0") ? null : text;
}
