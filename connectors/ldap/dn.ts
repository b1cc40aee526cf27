/**
 * Distinguished names, RFC 4514. Servers answer the same name in many spellings, so names are compared in one canonical
 * form; a spelling that cannot be parsed equals nothing.
 */

export type NamePart = { type: string; value: string };
/** The name's parts, most specific first; a relative name of several attributes has several parts. */
export type Dn = readonly (readonly NamePart[])[];

/** RFC 4514 §3 and the names that RFC 4519 gives to the same types. */
const TYPE_ALIASES: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "cn"],
  ["commonname", "cn"],
  ["2.5.4.4", "sn"],
  ["surname", "sn"],
  ["2.5.4.6", "c"],
  ["countryname", "c"],
  ["2.5.4.7", "l"],
  ["localityname", "l"],
  ["2.5.4.8", "st"],
  ["stateorprovincename", "st"],
  ["2.5.4.9", "street"],
  ["streetaddress", "street"],
  ["2.5.4.10", "o"],
  ["organizationname", "o"],
  ["2.5.4.11", "ou"],
  ["organizationalunitname", "ou"],
  ["0.9.2342.19200300.100.1.1", "uid"],
  ["userid", "uid"],
  ["0.9.2342.19200300.100.1.25", "dc"],
  ["domaincomponent", "dc"],
  ["0.9.2342.19200300.100.1.3", "mail"],
  ["rfc822mailbox", "mail"],
]);

const TYPE = /^(?:[a-z][a-z0-9-]*|(?:oid\.)?\d+(?:\.\d+)+)$/i;
const ESCAPABLE = new Set(' "#+,;<=>\\');
/** U+DC00, the first low surrogate: see `decode`. */
const RAW_BYTE = 0xdc00;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The parts of a name with values unescaped and types in lower case, or null when it is not a name. The empty name is `[]`. */
export function parseDn(text: string): Dn | null {
  if (text.trim() === "") return [];
  const names: NamePart[][] = [];
  let parts: NamePart[] = [];
  let at = 0;
  for (;;) {
    const equals = text.indexOf("=", at);
    if (equals < 0) return null;
    const type = canonicalType(text.slice(at, equals).trim());
    if (type === null) return null;
    const value = readValue(text, equals + 1);
    if (value === null) return null;
    parts.push({ type, value: value.text });
    const separator = text[value.end];
    if (separator !== "+") {
      names.push(parts);
      parts = [];
    }
    if (separator === undefined) return names;
    at = value.end + 1;
  }
}

/**
 * One spelling for all spellings of the same name: types in lower case and by their short names, values unescaped,
 * case-folded (NFKC), inner spaces collapsed, the attributes of one relative name sorted. Null when it is not a name.
 * Two names are equal exactly when their canonical forms are.
 */
export function canonicalDn(text: string): string | null {
  const comma = text.indexOf(",");
  // Nearly all names of a directory share a few parents: only the first part is new work.
  if (comma > 0 && !text.includes("\\")) {
    const given = { first: text.slice(0, comma), parent: text.slice(comma + 1) };
    const parent = canonicalParent(given.parent);
    if (parent === null || parent === "") return null;
    const first = isPlain(given.first) ? given.first : canonicalOf(given.first);
    if (first === null || first === "") return null;
    // Most are canonical as they come, and a text that was put together is slower to look up.
    return first === given.first && parent === given.parent ? text : `${first},${parent}`;
  }
  return canonicalOf(text);
}

/** Whether a canonical name is the canonical `base` or below it. */
export function isWithin(canonical: string, base: string): boolean {
  return base === "" || canonical === base || canonical.endsWith(`,${base}`);
}

const parents = new Map<string, string | null>();
/** The one that was asked for last: to compare two texts is cheaper than to look a new one up, and the next is mostly the same. */
let [lastParent, lastCanonical]: [string, string | null] = ["", ""];

function canonicalParent(text: string): string | null {
  if (text === lastParent) return lastCanonical;
  const known = parents.get(text);
  const canonical = known === undefined ? canonicalOf(text) : known;
  if (known === undefined) {
    if (parents.size >= 1000) parents.clear();
    parents.set(text, canonical);
  }
  lastParent = text;
  lastCanonical = canonical;
  return canonical;
}

const [COMMA, DASH, DOT, ZERO, NINE, EQUALS, AT, SMALL_A, SMALL_Z, UNDERSCORE] = [...",-.09=@az_"].map((sign) =>
  sign.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number, number];

/** Whether a text is what `PLAIN` finds, in small letters and with no type that has another name: canonical as it is. */
function isPlain(text: string): boolean {
  let equals = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= SMALL_A && code <= SMALL_Z) continue;
    if (code === EQUALS && equals < 0 && at > 0) equals = at;
    else if (at === 0) return false;
    else if (code !== DASH && (code < ZERO || code > NINE)) {
      if (equals < 0 || (code !== DOT && code !== UNDERSCORE && code !== AT)) return false;
    }
  }
  return equals > 0 && equals < text.length - 1 && !TYPE_ALIASES.has(text.slice(0, equals));
}

/**
 * Of a name in bytes whose first part is canonical as it stands, and nothing but small letters, digits and a few signs:
 * where the comma behind that part is. Else -1.
 */
export function endOfPlainPart(frame: Buffer, from: number, to: number): number {
  let equals = -1;
  for (let at = from; at < to; at++) {
    const code = frame[at] as number;
    if (code >= SMALL_A && code <= SMALL_Z) continue;
    if (at === from) return -1;
    if (code === COMMA) return equals > 0 && equals < at - 1 && !isAlias(frame, from, equals) ? at : -1;
    if (code === EQUALS && equals < 0) equals = at;
    else if (code !== DASH && (code < ZERO || code > NINE)) {
      if (equals < 0 || (code !== DOT && code !== UNDERSCORE && code !== AT)) return -1;
    }
  }
  return -1;
}

/** The type that was asked for last, which is the type of most names, and is no alias. */
let lastType = "";

function isAlias(frame: Buffer, from: number, to: number): boolean {
  if (to - from === lastType.length) {
    let place = 0;
    while (place < lastType.length && frame[from + place] === lastType.charCodeAt(place)) place++;
    if (place === lastType.length) return false;
  }
  const type = frame.toString("latin1", from, to);
  if (TYPE_ALIASES.has(type)) return true;
  lastType = type;
  return false;
}

/** One attribute whose value is ASCII letters, digits and signs that need no escape, as in most names of people. */
const PLAIN = /^([a-z][a-z0-9-]*)=[a-z0-9@._-]+$/i;

function canonicalOf(text: string): string | null {
  const type = PLAIN.exec(text)?.[1]?.toLowerCase();
  if (type !== undefined) {
    const alias = TYPE_ALIASES.get(type);
    return alias === undefined ? text.toLowerCase() : alias + text.slice(type.length).toLowerCase();
  }
  const dn = parseDn(text);
  if (dn === null) return null;
  return dn.map((parts) => parts.map(canonicalPart).sort().join("+")).join(",");
}

function canonicalPart(part: NamePart): string {
  return `${part.type}=${escapeValue(foldValue(part.value))}`;
}

function canonicalType(name: string): string | null {
  if (!TYPE.test(name)) return null;
  const lower = name.toLowerCase().replace(/^oid\./, "");
  return TYPE_ALIASES.get(lower) ?? lower;
}

/** Case-ignore matching in the manner of RFC 4518: folded, NFKC, insignificant spaces gone; the two small sigmas are one. */
function foldValue(value: string): string {
  if (/^[\x21-\x7e]*$/.test(value)) return value.toLowerCase();
  const folded = value.normalize("NFKC").toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
  return folded.replace(/\s+/gu, " ").trim();
}

function escapeValue(value: string): string {
  const escaped = value
    .replace(/[\\"+,;<=>]/g, "\\$&")
    .replace(/\0|\p{Surrogate}/gu, (raw) => `\\${(raw.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`);
  return escaped.startsWith("#") ? `\\${escaped}` : escaped;
}

/** From behind the "=" to the next unescaped "," or "+", or the end. */
function readValue(text: string, from: number): { text: string; end: number } | null {
  let at = from;
  while (text[at] === " ") at++;
  if (text[at] === "#") return readHexValue(text, at + 1);
  const bytes: Buffer[] = [];
  let plain = at;
  let kept = 0;
  let length = 0;
  const take = (piece: Buffer): void => {
    bytes.push(piece);
    length += piece.length;
  };
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === "," || character === "+") break;
    if (character === '"' || character === ";") return null;
    if (character !== "\\") continue;
    take(Buffer.from(text.slice(plain, at)));
    const hex = text.slice(at + 1, at + 3);
    const next = text[at + 1];
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      take(Buffer.from(hex, "hex"));
      at += 2;
    } else if (next !== undefined && ESCAPABLE.has(next)) {
      take(Buffer.from(next));
      at += 1;
    } else {
      return null;
    }
    plain = at + 1;
    kept = length;
  }
  take(Buffer.from(text.slice(plain, at)));
  return { text: decode(trimEnd(Buffer.concat(bytes), kept)), end: at };
}

/** Unescaped spaces at the end do not belong to the value; `kept` bytes are behind an escape and stay. */
function trimEnd(bytes: Buffer, kept: number): Buffer {
  let end = bytes.length;
  while (end > kept && bytes[end - 1] === 0x20) end--;
  return bytes.subarray(0, end);
}

/** `#` and the BER encoding in hex (RFC 4514 §2.4), where it holds a short string; other values name nothing that a person has. */
function readHexValue(text: string, from: number): { text: string; end: number } | null {
  const match = /^((?:[0-9a-f]{2})+) *(?=[,+]|$)/i.exec(text.slice(from));
  if (match === null) return null;
  const [whole, hex = ""] = match;
  const ber = Buffer.from(hex, "hex");
  const isString = [0x04, 0x0c, 0x13, 0x16].includes(ber[0] ?? 0) && ber[1] === ber.length - 2 && ber.length < 130;
  return isString ? { text: decode(ber.subarray(2)), end: from + whole.length } : null;
}

/** Bytes that are no UTF-8 become lone surrogates, so that they stay apart from every text. */
function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return String.fromCharCode(...[...bytes].map((byte) => RAW_BYTE + byte));
  }
}
