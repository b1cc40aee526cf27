/**
 * An LDAP server that misbehaves on purpose: what slapd would never send. It speaks enough of RFC 4511 for one reader
 * and breaks the rule that it is told to break on the page that it is told to break it on.
 */
import { createServer, type Socket } from "node:net";
import { BerReader, BerWriter } from "ldapts";

export type FakeEntry = { dn: string; attributes: Record<string, readonly (string | Buffer)[]> };

/** What goes wrong with one page. Except for `empty-page` no reader may call the read complete afterwards. */
export const FAULTS = [
  "cut-before",
  "cut-inside-entry",
  "cut-between-entries",
  "size-limit",
  "admin-limit",
  "time-limit",
  "busy",
  "referral-result",
  "repeat-page",
  "repeat-entry",
  "no-paging-control",
  "damaged-cookie",
  "two-paging-controls",
  "damaged-entry",
  "damaged-attribute",
  "garbage",
  "wrong-message-id",
  "wrong-operation",
  "intermediate-answer",
  "endless-length",
  "notice-of-disconnection",
  "silence",
  "slow-drip",
  "endless-empty-pages",
] as const;
type Fault = (typeof FAULTS)[number];

export type FakeOptions = {
  users: readonly FakeEntry[];
  groups: readonly FakeEntry[];
  /** Pages of all searches of one connection are counted from 1. */
  fault?: { page: number; kind: Fault };
  /** Every page is preceded by one that holds nothing but a cookie, as some servers send. */
  emptyPages?: boolean;
  /** The cookie is always "0", as 389 Directory Server's. */
  constantCookie?: boolean;
  /** Lists of members longer than this come in ranges, as from Active Directory. */
  rangeSize?: number;
  /** What is found under a name that no search gave. */
  elsewhere?: Readonly<Record<string, FakeEntry>>;
  /** No page holds more, whatever was asked for, as from Active Directory. */
  maxPageSize?: number;
  /** The result with which the DirSync control is refused; without it the server does as if there were none. */
  dirSyncResult?: number;
  /** The connection dies after this many bytes of answers. */
  cutAfterBytes?: number;
  /** This byte of the answers, from 0, gets lost. */
  loseByte?: number;
  /** Damage to the second range of a group. */
  rangeFault?: "missing" | "gap" | "short" | "empty";
  /** Referrals sent with the first page of each search. */
  referrals?: readonly string[];
  /** Attributes of the server's own entry besides what it needs. */
  root?: Record<string, readonly string[]>;
  /** What WhoAmI answers, call by call; the last one stays. Null: WhoAmI is not supported. */
  identities?: readonly string[] | null;
  bindResult?: { code: number; text: string };
  startTls?: "refused" | "plain";
};

export type FakeLdap = {
  url: string;
  /** Pages that were asked for, all connections together. */
  pages: number;
  connections: number;
  /** Bytes of answers, all connections together. */
  sent: number;
  /** Everything that clients sent. */
  received: Buffer[];
  stop(): Promise<void>;
};

type Search = {
  id: number;
  base: string;
  scope: number;
  isGroups: boolean;
  attributes: string[];
  paging: { size: number; cookie: string } | null;
  isDirSync: boolean;
};

const PAGED = "1.2.840.113556.1.4.319";
const DIR_SYNC = "1.2.840.113556.1.4.841";
const WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3";
const START_TLS = "1.3.6.1.4.1.1466.20037";

export async function startFakeLdap(options: FakeOptions): Promise<FakeLdap> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    fake.connections += 1;
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    serve(socket, options, fake);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const fake: FakeLdap = {
    url: `ldap://127.0.0.1:${address.port}`,
    pages: 0,
    connections: 0,
    sent: 0,
    received: [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return fake;
}

function serve(socket: Socket, options: FakeOptions, fake: FakeLdap): void {
  let buffer = Buffer.alloc(0);
  let page = 0;
  let whoAmICalls = 0;
  /** Where the search stands when the cookie says nothing. */
  let position = 0;
  const write = (answer: Buffer): void => {
    const { cutAfterBytes = Number.POSITIVE_INFINITY, loseByte = -1 } = options;
    const at = fake.sent;
    fake.sent += answer.length;
    const lost = loseByte - at;
    const rest =
      lost < 0 || lost >= answer.length ? answer : Buffer.concat([answer.subarray(0, lost), answer.subarray(lost + 1)]);
    if (fake.sent > cutAfterBytes) socket.end(rest.subarray(0, Math.max(0, cutAfterBytes - at)));
    else socket.write(rest);
  };
  socket.on("data", (data: Buffer) => {
    fake.received.push(data);
    buffer = Buffer.concat([buffer, data]);
    // A client that speaks TLS to a server that does not.
    if (buffer.length > 0 && buffer[0] !== 0x30) {
      socket.destroy();
      return;
    }
    for (;;) {
      const reader = new BerReader(buffer);
      if (reader.readSequence() === null || reader.remain < reader.length) return;
      const frame = buffer.subarray(0, reader.offset + reader.length);
      buffer = buffer.subarray(frame.length);
      answer(new BerReader(frame));
    }
  });

  const answer = (reader: BerReader): void => {
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    switch (reader.readSequence()) {
      case 0x60: {
        const { code, text } = options.bindResult ?? { code: 0, text: "" };
        write(result(id, 0x61, code, text));
        return;
      }
      case 0x77:
        extended(id, reader.readString(0x80) ?? "");
        return;
      case 0x63:
        search(readSearch(id, reader));
        return;
      default:
        socket.end();
    }
  };

  const extended = (id: number, oid: string): void => {
    if (oid === START_TLS) {
      write(result(id, 0x78, options.startTls === "refused" ? 52 : 0, ""));
      return;
    }
    const identities = options.identities ?? [];
    const identity = identities[Math.min(whoAmICalls++, identities.length - 1)] ?? "dn:cn=reader";
    write(result(id, 0x78, 0, "", (writer) => writer.writeString(identity, 0x8b)));
  };

  const search = (wanted: Search): void => {
    if (wanted.base === "") {
      const root = {
        supportedControl: [PAGED],
        supportedExtension: options.identities === null ? [] : [WHO_AM_I],
        ...options.root,
      };
      write(Buffer.concat([entry(wanted.id, { dn: "", attributes: root }), result(wanted.id, 0x65, 0, "")]));
    } else if (wanted.scope === 0) {
      const found =
        [...options.users, ...options.groups].find((candidate) => candidate.dn === wanted.base) ??
        options.elsewhere?.[wanted.base];
      const parts = found === undefined ? [] : [entry(wanted.id, ranged(found, wanted.attributes, options))];
      write(Buffer.concat([...parts, result(wanted.id, 0x65, found === undefined ? 32 : 0, "")]));
    } else if (wanted.isDirSync && options.dirSyncResult !== undefined) {
      write(result(wanted.id, 0x65, options.dirSyncResult, ""));
    } else {
      searchPage(wanted);
    }
  };

  const searchPage = (wanted: Search): void => {
    const all = wanted.isGroups ? options.groups : options.users;
    const size = Math.min(wanted.paging?.size ?? all.length, options.maxPageSize ?? all.length);
    const cookie = wanted.paging?.cookie ?? "";
    const isFirst = cookie === "";
    page += 1;
    fake.pages += 1;
    const fault = options.fault?.page === page ? options.fault.kind : null;
    if (isFirst) position = 0;
    else if (!options.constantCookie) position = Number(cookie.split("/")[0]);
    const isEmpty =
      (options.emptyPages === true && (isFirst || cookie.endsWith("/filled"))) || fault === "endless-empty-pages";
    if (options.emptyPages === true && options.constantCookie === true)
      throw new Error("these two cannot be told apart");
    const from = position;
    const to = isEmpty ? position : Math.min(all.length, from + size);
    const entries = isEmpty ? [] : all.slice(from, to).map((found) => ranged(found, wanted.attributes, options));
    position = fault === "repeat-page" ? from : to;
    const isLast = position >= all.length && !isEmpty;
    const next = isLast ? "" : options.constantCookie ? "0" : `${position}/${isEmpty ? "empty" : "filled"}`;
    if (fault === "endless-empty-pages" && options.fault) options.fault.page += 1;
    send(wanted.id, entries, next, isFirst ? (options.referrals ?? []) : [], fault);
  };

  const send = (
    id: number,
    entries: readonly FakeEntry[],
    cookie: string,
    referrals: readonly string[],
    fault: Fault | null,
  ): void => {
    const parts = entries.map((found) => entry(id, found));
    const references = referrals.map((uri) => message(id, 0x73, (writer) => writer.writeString(uri)));
    const done = (code = 0): Buffer => result(id, 0x65, code, "", undefined, [pagingControl(cookie)]);
    const whole = Buffer.concat([...parts, ...references, done()]);
    const first = parts[0] ?? Buffer.alloc(0);
    switch (fault) {
      case null:
      case "repeat-page":
      case "endless-empty-pages":
        write(whole);
        return;
      case "cut-before":
        socket.destroy();
        return;
      case "cut-inside-entry":
        socket.end(whole.subarray(0, Math.floor(whole.length / 2) - 1));
        return;
      case "cut-between-entries":
        socket.end(first);
        return;
      case "size-limit":
        write(Buffer.concat([...parts, done(4)]));
        return;
      case "admin-limit":
        write(Buffer.concat([first, done(11)]));
        return;
      case "time-limit":
        write(done(3));
        return;
      case "busy":
        write(done(51));
        return;
      case "referral-result":
        write(done(10));
        return;
      case "repeat-entry":
        write(Buffer.concat([first, whole]));
        return;
      case "no-paging-control":
        write(Buffer.concat([...parts, result(id, 0x65, 0, "")]));
        return;
      case "damaged-cookie": {
        // The cookie claims nine bytes more than the control has.
        const control = pagingControl("abc");
        control.writeUInt8((control[control.length - 4] ?? 0) + 9, control.length - 4);
        write(Buffer.concat([...parts, result(id, 0x65, 0, "", undefined, [control])]));
        return;
      }
      case "two-paging-controls":
        write(
          Buffer.concat([...parts, result(id, 0x65, 0, "", undefined, [pagingControl(cookie), pagingControl("")])]),
        );
        return;
      case "damaged-entry":
        // An entry that is an integer where its name should be.
        write(Buffer.concat([message(id, 0x64, (writer) => writer.writeInt(7)), whole]));
        return;
      case "damaged-attribute": {
        const bad = Buffer.from(entry(id, { dn: "uid=x,dc=example,dc=com", attributes: { uid: ["abc"] } }));
        bad.writeUInt8(0x7f, bad.length - 4);
        write(Buffer.concat([bad, whole]));
        return;
      }
      case "garbage":
        write(Buffer.concat([first, Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), whole]));
        return;
      case "wrong-message-id":
        write(Buffer.concat([...entries.slice(0, 1).map((found) => entry(id + 1000, found)), whole]));
        return;
      case "wrong-operation":
        write(Buffer.concat([...parts, result(id, 0x61, 0, "")]));
        return;
      case "intermediate-answer":
        write(Buffer.concat([message(id, 0x79, (writer) => writer.writeString("1.2.3.4", 0x80)), whole]));
        return;
      case "endless-length":
        write(Buffer.concat([first, Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])]));
        return;
      case "notice-of-disconnection":
        write(
          Buffer.concat([
            first,
            result(0, 0x78, 52, "", (writer) => writer.writeString("1.3.6.1.4.1.1466.20036", 0x8a)),
          ]),
        );
        return;
      case "silence":
        return;
      case "slow-drip":
        drip(socket, whole);
    }
  };
}

/** One byte at a time, so that there is always something to read and never an end. */
function drip(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length - 1) clearInterval(timer);
    else socket.write(bytes.subarray(at, ++at));
  }, 20);
}

function readSearch(id: number, reader: BerReader): Search {
  const base = reader.readString() ?? "";
  const scope = reader.readEnumeration() ?? 0;
  reader.readEnumeration();
  reader.readInt();
  reader.readInt();
  reader.readBoolean();
  const filterFrom = reader.offset;
  reader.readSequence();
  reader.offset += reader.length;
  const filter = reader.buffer.toString("latin1", filterFrom, reader.offset);
  reader.readSequence();
  const attributes: string[] = [];
  for (const end = reader.offset + reader.length; reader.offset < end; ) attributes.push(reader.readString() ?? "");
  const isDirSync = reader.buffer.includes(DIR_SYNC);
  return { id, base, scope, isGroups: /group/i.test(filter), attributes, paging: readPaging(reader), isDirSync };
}

function readPaging(reader: BerReader): { size: number; cookie: string } | null {
  if (reader.peek() !== 0xa0) return null;
  reader.readSequence();
  reader.readSequence();
  if (reader.readString() !== PAGED) return null;
  reader.readBoolean();
  const value = new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0));
  value.readSequence();
  return { size: value.readInt() ?? 0, cookie: value.readString() ?? "" };
}

/** The asked-for attributes; a long list of members in the range that was asked for, or in the first one. */
function ranged(found: FakeEntry, asked: readonly string[], options: FakeOptions): FakeEntry {
  const attributes: FakeEntry["attributes"] = {};
  for (const description of asked) {
    const [name = "", range] = description.split(";range=");
    const key = Object.keys(found.attributes).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    const values = key === undefined ? [] : (found.attributes[key] ?? []);
    if (key === undefined || values.length === 0) continue;
    const size = options.rangeSize ?? Number.POSITIVE_INFINITY;
    if (values.length <= size) {
      attributes[key] = values;
      continue;
    }
    let from = range === undefined ? 0 : Number(range.split("-")[0]);
    const slice = values.slice(from, from + size);
    const end = from + size >= values.length ? "*" : String(from + size - 1);
    const fault = from === 0 ? undefined : options.rangeFault;
    if (range === undefined) attributes[key] = [];
    if (fault === "missing") continue;
    if (fault === "gap") from += 1;
    attributes[`${key};range=${from}-${end}`] = fault === "empty" ? [] : fault === "short" ? slice.slice(1) : slice;
  }
  return { dn: found.dn, attributes };
}

function entry(id: number, found: FakeEntry): Buffer {
  return message(id, 0x64, (writer) => {
    writer.writeString(found.dn);
    writer.startSequence();
    for (const [type, values] of Object.entries(found.attributes)) {
      writer.startSequence();
      writer.writeString(type);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

function result(
  id: number,
  operation: number,
  code: number,
  text: string,
  more?: (writer: BerWriter) => void,
  controls: readonly Buffer[] = [],
): Buffer {
  const write = (writer: BerWriter): void => {
    writer.writeEnumeration(code);
    writer.writeString("");
    writer.writeString(text);
    more?.(writer);
  };
  return message(id, operation, write, controls);
}

function message(
  id: number,
  operation: number,
  write: (writer: BerWriter) => void,
  controls: readonly Buffer[] = [],
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(operation);
  write(writer);
  writer.endSequence();
  if (controls.length > 0) {
    writer.startSequence(0xa0);
    for (const value of controls) {
      writer.startSequence();
      writer.writeString(PAGED);
      writer.writeBuffer(value, 0x04);
      writer.endSequence();
    }
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}

function pagingControl(cookie: string): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(0);
  writer.writeString(cookie);
  writer.endSequence();
  return writer.buffer;
}
