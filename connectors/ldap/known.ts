/**
 * What a read remembers of the entries that it has met, small and flat. A read of 100,000 people looks each of them up
 * several times: as strings in JavaScript's own maps they take several times the room, and the collector's time again
 * and again.
 */
import { randomInt } from "node:crypto";
import { endOfPlainPart } from "./dn.ts";

const PRIME = 2 ** 31 - 1;
/** Characters between two reductions: the sum of so many products of 31 and 16 bits still is an exact number. */
const BLOCK = 60;
const CARRY_HIGH = BLOCK;
const CARRY_LOW = BLOCK + 1;
const LENGTH = BLOCK + 2;
const BESIDE = BLOCK + 3;

/**
 * Texts are told apart by 93 bits of a hash whose keys are drawn anew for each process: multilinear modulo a prime, three
 * times over, so that two texts, whoever thought of them, are taken for one with a chance of about 2^-90.
 */
const [FIRST, SECOND, THIRD] = [drawKeys(), drawKeys(), drawKeys()];
const hashed = { first: 0, second: 0, third: 0 };

function drawKeys(): Float64Array {
  return Float64Array.from({ length: BLOCK + 4 }, () => randomInt(PRIME));
}

/**
 * Of the text as far as `end`, with a number that belongs to it. Leaves the hash in `hashed`: an object for each of millions
 * of calls would cost more than they do.
 */
function hash(text: string, end: number = text.length, beside = 0): void {
  let first = end * (FIRST[LENGTH] as number) + beside * (FIRST[BESIDE] as number);
  let second = end * (SECOND[LENGTH] as number) + beside * (SECOND[BESIDE] as number);
  let third = end * (THIRD[LENGTH] as number) + beside * (THIRD[BESIDE] as number);
  for (let place = 0, key = 0; place < end; place++, key++) {
    if (key === BLOCK) {
      first = carried(first, FIRST);
      second = carried(second, SECOND);
      third = carried(third, THIRD);
      key = 0;
    }
    const code = text.charCodeAt(place);
    first += code * (FIRST[key] as number);
    second += code * (SECOND[key] as number);
    third += code * (THIRD[key] as number);
  }
  hashed.first = modulo(first);
  hashed.second = modulo(second);
  hashed.third = modulo(third);
}

/** `hash` of ASCII in bytes, of at most `BLOCK` of them, without a text being made. */
function hashBytes(frame: Buffer, from: number, to: number, beside: number): void {
  const end = to - from;
  let first = end * (FIRST[LENGTH] as number) + beside * (FIRST[BESIDE] as number);
  let second = end * (SECOND[LENGTH] as number) + beside * (SECOND[BESIDE] as number);
  let third = end * (THIRD[LENGTH] as number) + beside * (THIRD[BESIDE] as number);
  for (let key = 0; key < end; key++) {
    const code = frame[from + key] as number;
    first += code * (FIRST[key] as number);
    second += code * (SECOND[key] as number);
    third += code * (THIRD[key] as number);
  }
  hashed.first = modulo(first);
  hashed.second = modulo(second);
  hashed.third = modulo(third);
}

/** What `%` gives, which takes longer than the whole rest. */
function modulo(sum: number): number {
  const rest = sum - Math.floor(sum / PRIME) * PRIME;
  if (rest < 0) return rest + PRIME;
  return rest < PRIME ? rest : rest - PRIME;
}

/** What stands for all blocks so far at the beginning of the next one. */
function carried(sum: number, keys: Float64Array): number {
  const rest = modulo(sum);
  return (rest >>> 16) * (keys[CARRY_HIGH] as number) + (rest & 0xffff) * (keys[CARRY_LOW] as number);
}

/** Texts without their texts: gives each a number, by which it is known again. */
class Numbers {
  /** Three parts of the hash and the number of each text, in the order in which they came. */
  #rows = new Int32Array(4 * 1024);
  /** Where a hash is to be found: one more than the place of its row, 0 where there is none. */
  #slots = new Int32Array(2 * 1024);
  size = 0;

  /** The number that stands for the text whose hash was made last, or undefined. */
  get(): number | undefined {
    const row = this.#slots[this.#slotOf(hashed.first, hashed.second, hashed.third)] as number;
    return row === 0 ? undefined : this.#rows[4 * (row - 1) + 3];
  }

  /** For the text whose hash was made last. With `fresh` a text that is known keeps its number, and the answer is false. */
  set(number: number, fresh = false): boolean {
    const slot = this.#slotOf(hashed.first, hashed.second, hashed.third);
    const known = this.#slots[slot] as number;
    if (fresh && known !== 0) return false;
    const row = known === 0 ? this.size : known - 1;
    if (known === 0) {
      this.size += 1;
      if (4 * this.size > this.#rows.length) this.#rows = grown(this.#rows);
      this.#slots[slot] = this.size;
    }
    this.#rows[4 * row] = hashed.first;
    this.#rows[4 * row + 1] = hashed.second;
    this.#rows[4 * row + 2] = hashed.third;
    this.#rows[4 * row + 3] = number;
    if (2 * this.size > this.#slots.length) this.#spread();
    return true;
  }

  #slotOf(first: number, second: number, third: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] as number;
      if (row === 0) return slot;
      const at = 4 * (row - 1);
      if (this.#rows[at] === first && this.#rows[at + 1] === second && this.#rows[at + 2] === third) return slot;
    }
  }

  #spread(): void {
    const { length, buffer } = this.#slots;
    buffer.transfer(0);
    this.#slots = new Int32Array(2 * length);
    for (let row = 1; row <= this.size; row++) {
      const at = 4 * (row - 1);
      const [first, second, third] = [this.#rows[at], this.#rows[at + 1], this.#rows[at + 2]] as [
        number,
        number,
        number,
      ];
      this.#slots[this.#slotOf(first, second, third)] = row;
    }
  }
}

/** Twice as long; the former's room is free at once, not when the collector comes to it. */
function grown(rows: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  return new Int32Array(rows.buffer.transfer(2 * rows.byteLength));
}

/** The ids of a read, as a set that also keeps them in the order in which they came. */
export class KnownIds {
  readonly #numbers = new Numbers();
  /** The ids one behind the other, and where each ends. */
  #texts = Buffer.from(new ArrayBuffer(64 * 1024));
  #ends = new Int32Array(1024);

  get size(): number {
    return this.#numbers.size;
  }

  has(id: string): boolean {
    return this.numberOf(id) !== undefined;
  }

  /** Before: any. After: the id is in it. Returns its number, or undefined when it was in it already. */
  add(id: string): number | undefined {
    const number = this.size;
    hash(id);
    if (!this.#numbers.set(number, true)) return undefined;
    const start = number === 0 ? 0 : (this.#ends[number - 1] as number);
    const bytes = Buffer.byteLength(id);
    const end = start + bytes;
    while (end > this.#texts.length) this.#texts = Buffer.from(this.#texts.buffer.transfer(2 * this.#texts.length));
    if (number === this.#ends.length) this.#ends = grown(this.#ends);
    if (bytes === id.length)
      for (let place = 0; place < bytes; place++) this.#texts[start + place] = id.charCodeAt(place);
    else this.#texts.write(id, start);
    this.#ends[number] = end;
    return number;
  }

  numberOf(id: string): number | undefined {
    hash(id);
    return this.#numbers.get();
  }

  at(number: number): string {
    return this.#texts.toString(undefined, number === 0 ? 0 : this.#ends[number - 1], this.#ends[number]);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let number = 0; number < this.size; number++) yield this.at(number);
  }
}

const NOBODY = -1;
/** From here down: ids that are not in the set. */
const OTHERS = -2;

/** So many ends of names are kept; in most directories nearly all names share a few. */
const MOST_ENDS = 10_000;

/** Names of entries, each leading to an id, mostly of these `ids`, or to null for one that could not be given out. */
export class KnownNames {
  readonly #ids: KnownIds;
  readonly #others: string[] = [];
  readonly #numbers = new Numbers();
  /** What stands behind the first comma of names, each with a number from 1 on: hashed once, not with every name. */
  readonly #ends = new Map<string, number>();
  /** The one that was met last, which the next name mostly has too. */
  #lastEnd = "";
  #lastNumber = 0;
  /** The same of `learn`: as a server spells it, and the number of its canonical form. */
  #spelledEnd = Buffer.alloc(0);
  #spelledNumber = 0;

  constructor(ids: KnownIds) {
    this.#ids = ids;
  }

  has(name: string): boolean {
    this.#hash(name, false);
    return this.#numbers.get() !== undefined;
  }

  get(name: string): string | null | undefined {
    this.#hash(name, false);
    const number = this.#numbers.get();
    if (number === undefined) return undefined;
    if (number === NOBODY) return null;
    return number <= OTHERS ? (this.#others[OTHERS - number] as string) : this.#ids.at(number);
  }

  set(name: string, id: string | null): void {
    const number = id === null ? NOBODY : (this.#ids.numberOf(id) ?? OTHERS + 1 - this.#others.push(id));
    this.#hash(name, true);
    this.#numbers.set(number);
  }

  /** `set` of the id with this number, unless the name is known already: then nothing changes and the answer is false. */
  add(name: string, number: number): boolean {
    this.#hash(name, true);
    return this.#numbers.set(number, true);
  }

  /**
   * What `get` leads to for a name in bytes as a server spells it, as the number of an id, without a text being made;
   * undefined where that cannot be told so: then `get` knows, and `learn` makes the next ones be told.
   */
  numberOf(frame: Buffer, from: number, to: number): number | undefined {
    const comma = endOfPlainPart(frame, from, to);
    if (comma < 0 || comma - from > BLOCK || !this.#hasSpelledEnd(frame, comma + 1, to)) return undefined;
    hashBytes(frame, from, comma, this.#spelledNumber);
    const number = this.#numbers.get();
    return number === undefined || number < 0 ? undefined : number;
  }

  /** Of a name in bytes, that this is its canonical form: others with the same end have the same canonical end. */
  learn(frame: Buffer, from: number, to: number, name: string): void {
    const comma = endOfPlainPart(frame, from, to);
    if (comma < 0) return;
    const spelled = frame.subarray(comma + 1, to);
    const number = spelled.includes("\\") ? undefined : this.#ends.get(name.slice(name.indexOf(",") + 1));
    if (number === undefined) return;
    this.#spelledEnd = Buffer.from(spelled);
    this.#spelledNumber = number;
  }

  #hasSpelledEnd(frame: Buffer, from: number, to: number): boolean {
    const end = this.#spelledEnd;
    if (to - from !== end.length) return false;
    for (let place = 0; place < end.length; place++) if (frame[from + place] !== end[place]) return false;
    return end.length > 0;
  }

  /** A name whose end was not kept is hashed as a whole, and so it is for ever, because none is kept any more then. */
  #hash(name: string, keeps: boolean): void {
    const comma = name.indexOf(",");
    const number = comma < 0 ? undefined : this.#numberOfEnd(name.slice(comma + 1), keeps);
    if (number === undefined) hash(name);
    else hash(name, comma, number);
  }

  #numberOfEnd(end: string, keeps: boolean): number | undefined {
    if (this.#lastNumber > 0 && end === this.#lastEnd) return this.#lastNumber;
    let number = this.#ends.get(end);
    if (number === undefined && keeps && this.#ends.size < MOST_ENDS) {
      number = this.#ends.size + 1;
      this.#ends.set(end, number);
    }
    if (number !== undefined) {
      this.#lastEnd = end;
      this.#lastNumber = number;
    }
    return number;
  }
}
