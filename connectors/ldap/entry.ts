import { isUtf8 } from "node:buffer";
import type { SearchEntry } from "ldapts";
import { contentOf, endOf, type ReceivedEntry } from "./messages.ts";

/** One entry as the server sent it. Attribute names are compared without case; values are bytes until asked for as text. */
export type LdapEntry = {
  dn: string;
  has(attribute: string): boolean;
  /** The values that are text: valid UTF-8 without NUL, not empty, spaces around them gone. */
  texts(attribute: string): string[];
  /** The first of `texts`, in the server's order. */
  text(attribute: string): string | null;
  bytes(attribute: string): readonly Buffer[];
  /** The values one by one, in the server's order. */
  values(attribute: string): LdapValues;
  /** How many values there are, of whatever kind. */
  count(attribute: string): number;
  /** Attribute descriptions as the server spells them, with options (`member;range=0-1499`). */
  descriptions(): string[];
};

/** Goes over values where they stand, which of a group may be as many as there are people; at first before the first of them. */
export type LdapValues = {
  /** Whether there is one more; then the bytes of `frame` in between are it. */
  next(): boolean;
  readonly frame: Buffer;
  readonly from: number;
  readonly to: number;
  /** It as one of `texts`, or null when it is none. */
  text(): string | null;
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
    const name = frame.toString(undefined, places[0], places[1]);
    this.dn = name.includes("\0") ? name.replaceAll("\0", "\u{FFFD}") : name;
    this.#frame = frame;
    this.#places = places;
  }

  has(attribute: string): boolean {
    return this.values(attribute).next();
  }

  texts(attribute: string): string[] {
    const texts: string[] = [];
    const values = this.values(attribute);
    while (values.next()) {
      const text = values.text();
      if (text !== null) texts.push(text);
    }
    return texts;
  }

  text(attribute: string): string | null {
    const frame = this.#frame;
    const places = this.#places;
    for (let at = 2; at < places.length; at += 4) {
      if (!isNamed(frame, places[at] as number, places[at + 1] as number, attribute)) continue;
      const end = places[at + 3] as number;
      for (let value = places[at + 2] as number; value < end; ) {
        const from = contentOf(frame, value);
        value = endOf(frame, value);
        const text = textOf(frame, from, value);
        if (text !== null) return text;
      }
    }
    return null;
  }

  bytes(attribute: string): readonly Buffer[] {
    const found: Buffer[] = [];
    const values = this.values(attribute);
    while (values.next()) found.push(this.#frame.subarray(values.from, values.to));
    return found;
  }

  values(attribute: string): LdapValues {
    return new Values(this.#frame, this.#places, attribute);
  }

  count(attribute: string): number {
    let count = 0;
    const values = this.values(attribute);
    while (values.next()) count += 1;
    return count;
  }

  descriptions(): string[] {
    const places = this.#places;
    const found: string[] = [];
    for (let at = 2; at < places.length; at += 4) found.push(this.#frame.toString("utf8", places[at], places[at + 1]));
    return found;
  }
}

/** Of one attribute, which may stand in its entry in several parts. */
class Values implements LdapValues {
  readonly frame: Buffer;
  readonly #places: readonly number[];
  readonly #attribute: string;
  /** Of the part that comes next. */
  #part = 2;
  #value = 0;
  #end = 0;
  from = 0;
  to = 0;

  constructor(frame: Buffer, places: readonly number[], attribute: string) {
    this.frame = frame;
    this.#places = places;
    this.#attribute = attribute;
  }

  next(): boolean {
    const places = this.#places;
    while (this.#value >= this.#end) {
      const at = this.#part;
      if (at >= places.length) return false;
      this.#part += 4;
      if (!isNamed(this.frame, places[at] as number, places[at + 1] as number, this.#attribute)) continue;
      this.#value = places[at + 2] as number;
      this.#end = places[at + 3] as number;
    }
    this.from = contentOf(this.frame, this.#value);
    this.to = endOf(this.frame, this.#value);
    this.#value = this.to;
    return true;
  }

  text(): string | null {
    return textOf(this.frame, this.from, this.to);
  }
}

function textOf(frame: Buffer, from: number, to: number): string | null {
  // UTF-8 unless named; to look a name up took a part of the time of each of a million values.
  const text = frame.toString(undefined, from, to).trim();
  if (text === "" || text.includes("\0")) return null;
  // What is no UTF-8 shows as this sign, which a text may have of its own.
  return text.includes("\u{FFFD}") && !isUtf8(frame.subarray(from, to)) ? null : text;
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
