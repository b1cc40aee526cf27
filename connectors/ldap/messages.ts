/**
 * LDAP messages (RFC 4511 §4, BER) as they come off the wire, cut apart and checked before the client library sees them.
 * The library takes a value that is longer than its message for an empty one, and drops what it does not understand: a
 * damaged cookie would end a search early and a damaged entry would vanish. Here anything unsound ends the session.
 */

export type WireMessage = {
  id: number;
  operation: number;
  frame: Buffer;
  /** Of a search entry: what it holds, found while it was checked. */
  entry: ReceivedEntry | null;
};

/**
 * One entry of an answer as it stands in its message: nothing is copied until it is asked for, because a read has
 * millions of values, and one group as many as there are people. Places are byte offsets into `frame`, each as from and
 * to: of the name, then of each attribute its description and all its values, which `contentOf` and `endOf` tell apart.
 */
export type ReceivedEntry = { frame: Buffer; places: readonly number[] };

export const Operation = {
  bindRequest: 0x60,
  bindResponse: 0x61,
  unbindRequest: 0x42,
  searchRequest: 0x63,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extendedRequest: 0x77,
  extendedResponse: 0x78,
} as const;

/** What may answer what (RFC 4511 §4.2 to §4.12). */
export const ANSWERS: Readonly<Record<number, readonly number[]>> = {
  [Operation.bindRequest]: [Operation.bindResponse],
  [Operation.searchRequest]: [Operation.searchEntry, Operation.searchReference, Operation.searchDone],
  [Operation.extendedRequest]: [Operation.extendedResponse],
};

const INTEGER = 0x02;
const OCTETS = 0x04;
const ENUMERATED = 0x0a;
const SEQUENCE = 0x30;
const SET = 0x31;
const CONTROLS = 0xa0;
const PAGED_RESULTS = "1.2.840.113556.1.4.319";
/** A group of a million members is some 70 MB in one message. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** Far more than are ever asked for: each takes more room than its bytes. */
const MAX_ATTRIBUTES = 1_000;

/** The bytes are no LDAP, or LDAP that contradicts itself. */
export class WireError extends Error {}
/** One message is longer than it may be; of its bytes only the first have come. */
export class MessageTooLong extends WireError {}

type Element = { tag: number; start: number; end: number };

/**
 * Cuts a stream of bytes into whole messages, each checked.
 * @param most bytes of one message.
 * @returns feed: gives the messages that are complete with these bytes, throwing WireError at the first that is unsound;
 * rest: how many bytes wait for their end.
 */
export function messageCutter(most = MAX_MESSAGE_BYTES): {
  feed(data: Buffer): Generator<WireMessage>;
  rest(): number;
} {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = 2;
  return {
    rest: () => held,
    *feed(data) {
      chunks.push(data);
      held += data.length;
      // Joined only once the message is whole: joining at each chunk would copy a large message again and again.
      if (held < wanted) return;
      let buffer = chunks.length === 1 ? data : Buffer.concat(chunks);
      let at = 0;
      for (;;) {
        const end = messageEnd(buffer, at, most);
        wanted = (end ?? buffer.length + 1) - at;
        if (end === null || buffer.length < end) break;
        yield readMessage(buffer.subarray(at, end));
        at = end;
      }
      if (at > 0) buffer = buffer.subarray(at);
      chunks = buffer.length === 0 ? [] : [buffer];
      held = buffer.length;
    },
  };
}

/** Where the message ends that begins here, or null while its header is not there yet. */
function messageEnd(buffer: Buffer, at: number, most: number): number | null {
  if (buffer.length > at && buffer[at] !== SEQUENCE) throw new WireError("something that is no LDAP message");
  const header = readHeader(buffer, at, buffer.length);
  if (header === null) return null;
  if (header.end - at > most) throw new MessageTooLong(`a message of ${header.end - at} bytes`);
  return header.end;
}

function readMessage(frame: Buffer): WireMessage {
  return readPlainEntry(frame) ?? readAnyMessage(frame);
}

/** Nearly all messages of a read: an entry without controls. Null for any other, and for one that is unsound. */
function readPlainEntry(frame: Buffer): WireMessage | null {
  const id = contentOf(frame, 0);
  const idBytes = frame[id + 1] as number;
  const operation = id + 2 + idBytes;
  if (frame[id] !== INTEGER || idBytes < 1 || idBytes > 4 || frame[operation] !== Operation.searchEntry) return null;
  const entry = enter(frame, operation, frame.length, Operation.searchEntry);
  if (contentEnd !== frame.length) return null;
  const places = placesOf(frame, entry, frame.length);
  return {
    id: frame.readIntBE(id + 2, idBytes),
    operation: Operation.searchEntry,
    frame,
    entry: { frame, places },
  };
}

function readAnyMessage(frame: Buffer): WireMessage {
  const [message] = elements(frame, 0, frame.length);
  const [id, operation, controls, ...more] = children(frame, message);
  const idBytes = id === undefined ? 0 : id.end - id.start;
  if (id?.tag !== INTEGER || idBytes < 1 || idBytes > 4 || operation === undefined || more.length > 0) {
    throw new WireError("a message without its parts");
  }
  if (controls !== undefined) checkControls(frame, controls);
  const isEntry = operation.tag === Operation.searchEntry;
  const entry = isEntry ? { frame, places: placesOf(frame, operation.start, operation.end) } : null;
  if (!isEntry) checkOperation(frame, operation);
  return { id: frame.readIntBE(id.start, idBytes), operation: operation.tag, frame, entry };
}

function checkOperation(frame: Buffer, operation: Element): void {
  const parts = children(frame, operation);
  switch (operation.tag) {
    case Operation.searchReference:
      if (parts.length === 0) throw new WireError("an empty referral");
      for (const part of parts) expect(part, OCTETS);
      return;
    case Operation.bindResponse:
    case Operation.searchDone:
    case Operation.extendedResponse: {
      const [code, matched, text, ...more] = parts;
      expect(code, ENUMERATED);
      expect(matched, OCTETS);
      expect(text, OCTETS);
      // Referral, SASL credentials, name and value of an extended answer: context tags.
      if (more.some((part) => (part.tag & 0xc0) !== 0x80)) throw new WireError("a damaged result");
      return;
    }
    default:
      throw new WireError(`an operation 0x${operation.tag.toString(16)} that nobody asked for`);
  }
}

/** Of the entry that is being read: a list of its own would grow several times until it has them all. */
const places: number[] = [];

/** What a search entry holds (RFC 4511 §4.5.2), each part checked to fill the one around it exactly. */
function placesOf(frame: Buffer, from: number, to: number): number[] {
  places[0] = enter(frame, from, to, OCTETS);
  places[1] = contentEnd;
  let count = 2;
  let at = enter(frame, contentEnd, to, SEQUENCE);
  const end = contentEnd;
  if (end !== to) throw new WireError("a damaged entry");
  while (at < end) {
    const attribute = enter(frame, at, end, SEQUENCE);
    const attributeEnd = contentEnd;
    const type = enter(frame, attribute, attributeEnd, OCTETS);
    const typeEnd = contentEnd;
    let value = enter(frame, typeEnd, attributeEnd, SET);
    if (contentEnd !== attributeEnd) throw new WireError("a damaged attribute");
    places[count++] = type;
    places[count++] = typeEnd;
    places[count++] = value;
    places[count++] = attributeEnd;
    while (value < attributeEnd) {
      enter(frame, value, attributeEnd, OCTETS);
      value = contentEnd;
    }
    if (count > 2 + 4 * MAX_ATTRIBUTES) throw new WireError("an entry with more attributes than were asked for");
    at = attributeEnd;
  }
  return places.slice(0, count);
}

/** Where the content begins of the value at `at`, which was checked before. */
export function contentOf(frame: Buffer, at: number): number {
  const first = frame[at + 1] as number;
  return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
}

/** Where the value at `at` ends, which was checked before. */
export function endOf(frame: Buffer, at: number): number {
  const first = frame[at + 1] as number;
  if (first < 0x80) return at + 2 + first;
  return at + 2 + (first & 0x7f) + frame.readUIntBE(at + 2, first & 0x7f);
}

/** Where the content ends of what `enter` read last: an object for each of millions of values would cost more than they. */
let contentEnd = 0;

/** Where the content begins of the element at `at`, which must have this tag and end before `to`. */
function enter(frame: Buffer, at: number, to: number, tag: number): number {
  if (at + 2 > to || frame[at] !== tag) throw new WireError("a message whose parts are not what they must be");
  const first = frame[at + 1] as number;
  if (first < 0x80) contentEnd = at + 2 + first;
  else {
    const long = readHeader(frame, at, to);
    if (long === null) throw new WireError("a value that is longer than its message");
    contentEnd = long.end;
  }
  if (contentEnd > to) throw new WireError("a value that is longer than its message");
  return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
}

/** The value of the paged results control (RFC 2696 §2) must be sound to the last byte: its cookie says whether there is more. */
function checkControls(frame: Buffer, controls: Element): void {
  expect(controls, CONTROLS);
  let paged = 0;
  for (const control of children(frame, controls)) {
    expect(control, SEQUENCE);
    const parts = children(frame, control);
    const type = parts[0];
    expect(type, OCTETS);
    if (type === undefined || frame.toString("latin1", type.start, type.end) !== PAGED_RESULTS) continue;
    const value = parts.at(-1);
    if (++paged > 1 || parts.length < 2 || value?.tag !== OCTETS) throw new WireError("a damaged paging control");
    const [content, ...more] = elements(frame, value.start, value.end);
    expect(content, SEQUENCE);
    const [size, cookie, ...rest] = children(frame, content);
    expect(size, INTEGER);
    expect(cookie, OCTETS);
    if (more.length > 0 || rest.length > 0) throw new WireError("a damaged paging control");
  }
}

function expect(element: Element | undefined, tag: number): void {
  if (element?.tag !== tag) throw new WireError("a message whose parts are not what they must be");
}

function children(frame: Buffer, parent: Element | undefined): Element[] {
  return parent === undefined ? [] : elements(frame, parent.start, parent.end);
}

/** The elements that fill the range exactly. */
function elements(frame: Buffer, from: number, to: number): Element[] {
  const found: Element[] = [];
  for (let at = from; at < to; ) {
    const element = readHeader(frame, at, to);
    if (element === null || element.end > to) throw new WireError("a value that is longer than its message");
    found.push(element);
    at = element.end;
  }
  return found;
}

/** Tag and length; null when the header itself is cut off. Only the definite form is LDAP (RFC 4511 §5.1). */
function readHeader(frame: Buffer, at: number, to: number): Element | null {
  const tag = frame[at];
  const first = frame[at + 1];
  if (tag === undefined || first === undefined || at + 2 > to) return null;
  if ((tag & 0x1f) === 0x1f) throw new WireError("a tag that LDAP does not have");
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  if (bytes === 0 || bytes > 4) throw new WireError("a length that LDAP does not allow");
  if (at + 2 + bytes > to) return null;
  const start = at + 2 + bytes;
  return { tag, start, end: start + frame.readUIntBE(at + 2, bytes) };
}
