import fc from "fast-check";
import { BerWriter } from "ldapts";
import { describe, expect, it } from "vitest";
import { messageCutter, Operation, WireError } from "../../../connectors/ldap/messages.ts";
import { scaled, seed } from "../../harness/scale.ts";

const runs = { numRuns: scaled(3000), seed };

function searchEntry(id: number, values: readonly string[]): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(Operation.searchEntry);
  writer.writeString(`uid=${id},dc=example`);
  writer.startSequence();
  writer.startSequence();
  writer.writeString("cn");
  writer.startSequence(0x31);
  writer.writeStringArray([...values]);
  for (let open = 0; open < 5; open++) writer.endSequence();
  return writer.buffer;
}

const values = fc.array(fc.string({ maxLength: 300 }), { maxLength: 5 });
const stream = fc
  .array(values, { minLength: 1, maxLength: 8 })
  .map((list) => list.map((item, index) => searchEntry(index + 1, item)));

describe("cutting the stream into messages", () => {
  it("gives the same messages however the bytes arrive", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (frames, sizes) => {
        const whole = Buffer.concat(frames);
        const cutter = messageCutter();
        const got: { id: number; frame: Buffer }[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          got.push(...cutter.feed(whole.subarray(at, at + size)));
          at += size;
        }
        expect(got.map((message) => message.id)).toEqual(frames.map((_, index) => index + 1));
        expect(Buffer.concat(got.map((message) => message.frame)).equals(whole)).toBe(true);
        expect(cutter.rest()).toBe(0);
      }),
      runs,
    );
  });

  it("takes no bytes for a message that are none: it throws a WireError or waits for more, and never runs on", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, asMessage) => {
        const body = Buffer.from(noise);
        const bytes = asMessage ? Buffer.concat([Buffer.from([0x30, body.length & 0x7f]), body]) : body;
        const cutter = messageCutter();
        try {
          for (const message of cutter.feed(bytes)) expect(message.frame[0]).toBe(0x30);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      runs,
    );
  });

  it("says what came where something else than a directory answers", () => {
    const answer = Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n");
    expect(() => [...messageCutter().feed(answer)]).toThrow("something that is no LDAP message");
  });

  it("takes no entry with more attributes than anybody asks for, each of which takes more room than its bytes", () => {
    const entry = (attributes: number): Buffer => {
      const writer = new BerWriter();
      writer.startSequence();
      writer.writeInt(1);
      writer.startSequence(Operation.searchEntry);
      writer.writeString("");
      writer.startSequence();
      for (let number = 0; number < attributes; number++) {
        writer.startSequence();
        writer.writeString("a");
        writer.startSequence(0x31);
        writer.endSequence();
        writer.endSequence();
      }
      for (let open = 0; open < 3; open++) writer.endSequence();
      return writer.buffer;
    };
    expect([...messageCutter().feed(entry(1_000))]).toHaveLength(1);
    expect(() => [...messageCutter().feed(entry(1_001))]).toThrow("an entry with more attributes than were asked for");
  });

  it("finds every length that was made longer or shorter", () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.constantFrom(-1, 1, 40), (list, pick, by) => {
        const frame = Buffer.from(searchEntry(1, list));
        const lengths = lengthBytes(frame);
        const at = lengths[pick % lengths.length] ?? 1;
        const changed = ((frame[at] ?? 0) + by) & 0x7f;
        if (changed === frame[at] || (frame[at] ?? 0) >= 0x80) return;
        frame[at] = changed;
        const cutter = messageCutter();
        let messages = 0;
        try {
          messages = [...cutter.feed(frame)].length;
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        expect(messages).toBe(0);
      }),
      runs,
    );
  });
});

/** Where the length of each element inside stands, the message's own left out. */
function lengthBytes(frame: Buffer, from = headerEnd(frame, 0), to = frame.length): number[] {
  const found: number[] = [];
  for (let at = from; at < to; ) {
    const start = headerEnd(frame, at);
    const first = frame[at + 1] ?? 0;
    const end = start + (first < 0x80 ? first : frame.readUIntBE(at + 2, first & 0x7f));
    found.push(at + 1);
    if (((frame[at] ?? 0) & 0x20) !== 0) found.push(...lengthBytes(frame, start, end));
    at = end;
  }
  return found;
}

function headerEnd(frame: Buffer, at: number): number {
  const first = frame[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}
