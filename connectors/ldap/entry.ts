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

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function ldapEntry(received: SearchEntry): LdapEntry {
  const values = new Map<string, Buffer[]>();
  for (const attribute of received.attributes) {
    const key = attribute.type.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), ...attribute.parsedBuffers]);
  }
  const bytes = (attribute: string): readonly Buffer[] => values.get(attribute.toLowerCase()) ?? [];
  const texts = (attribute: string): string[] => bytes(attribute).flatMap((value) => asText(value) ?? []);
  return {
    dn: received.name.replaceAll("\0", "\u{FFFD}"),
    has: (attribute) => bytes(attribute).length > 0,
    texts,
    text: (attribute) => texts(attribute)[0] ?? null,
    bytes,
    descriptions: () => received.attributes.map((attribute) => attribute.type),
  };
}

function asText(value: Buffer): string | null {
  try {
    const text = utf8.decode(value).trim();
    return text === "" || text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
