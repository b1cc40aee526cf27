import { isUtf8 } from "node:buffer";
import type { SearchEntry } from "ldapts";
import type { ReceivedEntry } from "./messages.ts";

/** One entry as the server sent it. Attribute names are compared without case; values are bytes until asked for as text. */
export type LdapEntry = {
  dn: string;
  has(attribute: string): boolean;
  /** The values that are text: valid UTF-8 without NUL, not empty, spaces around them gone. */
  texts(attribute: string): string[];
  /** The first of `texts`, in the server's order. */
  text(attribute: string): string | null;
  bytes(attribute: string): readonly Buffer[];
  /** How many values there are, of whatever kind. */
  count(attribute: string): number;
  /** Attribute descriptions as the server spells them, with options (`member;range=0-1499`). */
  descriptions(): string[];
};

/** @param received of an answer of `channel.ts`, which gives the client these in place of its own. */
export function ldapEntry(received: SearchEntry): LdapEntry {
  return new Entry(received as unknown as ReceivedEntry);
}

/** Looks into the message each time: most attributes are asked for once, so nothing would be gained by keeping them. */
class Entry implements LdapEntry {
  readonly dn: string;
  readonly #frame: Buffer;
  readonly #places: readonly number[];

  constructor({ frame, places }: ReceivedEntry) {
    const name = frame.toString("utf8", places[0], places[1]);
    this.dn = name.includes("\0") ? name.replaceAll("\0", "\u{FFFD}") : name;
    this.#frame = frame;
    this.#places = places;
  }

  has(attribute: string): boolean {
    return this.#find(attribute, () => true) !== undefined;
  }

  texts(attribute: string): string[] {
    const texts: string[] = [];
    this.#find(attribute, (from, to) => {
      const text = this.#text(from, to);
      if (text !== null) texts.push(text);
      return undefined;
    });
    return texts;
  }

  text(attribute: string): string | null {
    return this.#find(attribute, (from, to) => this.#text(from, to) ?? undefined) ?? null;
  }

  bytes(attribute: string): readonly Buffer[] {
    const values: Buffer[] = [];
    this.#find(attribute, (from, to) => {
      values.push(this.#frame.subarray(from, to));
      return undefined;
    });
    return values;
  }

  count(attribute: string): number {
    let count = 0;
    this.#find(attribute, () => {
      count += 1;
      return undefined;
    });
    return count;
  }

  descriptions(): string[] {
    const places = this.#places;
    const found: string[] = [];
    for (let at = 2; at < places.length; at += 3 + 2 * (places[at + 2] as number))
      found.push(this.#frame.toString("utf8", places[at], places[at + 1]));
    return found;
  }

  /** What `look` makes of the first value of this attribute of which it makes anything; one may stand there in two parts. */
  #find<T>(attribute: string, look: (from: number, to: number) => T | undefined): T | undefined {
    const places = this.#places;
    for (let at = 2; at < places.length; ) {
      const end = at + 3 + 2 * (places[at + 2] as number);
      if (isNamed(this.#frame, places[at] as number, places[at + 1] as number, attribute))
        for (let value = at + 3; value < end; value += 2) {
          const made = look(places[value] as number, places[value + 1] as number);
          if (made !== undefined) return made;
        }
      at = end;
    }
    return undefined;
  }

  #text(from: number, to: number): string | null {
    const text = this.#frame.toString("utf8", from, to).trim();
    if (text === "" || text.includes("\0")) return null;
    // What is no UTF-8 shows as this sign, which a text may have of its own.
    return text.includes("\u{FFFD}") && !isUtf8(this.#frame.subarray(from, to)) ? null : text;
  }
}

/** Whether these bytes are this attribute's name, without case; names are ASCII (RFC 4512 §2.5). */
function isNamed(frame: Buffer, from: number, to: number, attribute: string): boolean {
  if (to - from !== attribute.length) return false;
  for (let place = 0; place < attribute.length; place++)
    if (folded(frame[from + place] as number) !== folded(attribute.charCodeAt(place))) return false;
  return true;
}

function folded(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
