import { isUtf8 } from "node:buffer";
import { faultAt } from "./place.ts";

const LINE_FEED = 0x0a;

/**
 * The same bytes, cut between characters.
 * @throws ConnectorError `protocol` naming line and byte where the text is not UTF-8 (RFC 3629).
 */
export async function* checkedUtf8(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  /** Where the next byte stands. */
  let [line, column] = [1, 1];
  const check = (bytes: Buffer): void => {
    if (!isUtf8(bytes)) throw refusal(bytes, file, line, column);
    for (let from = 0; ; line++, column = 1) {
      const end = bytes.indexOf(LINE_FEED, from);
      if (end < 0) {
        column += bytes.length - from;
        return;
      }
      from = end + 1;
    }
  };
  for await (const chunk of chunks) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - unfinished(bytes);
    const text = bytes.subarray(0, whole);
    rest = bytes.subarray(whole);
    check(text);
    if (text.length > 0) yield text;
  }
  check(rest);
}

/** How many bytes at the end begin a character that they do not finish: at most 3. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return back < lengthOf(byte) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Bytes of the character that begins with this one. */
function lengthOf(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

function refusal(bytes: Buffer, file: string, firstLine: number, firstColumn: number): Error {
  let [line, column] = [firstLine, firstColumn];
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOf(bytes[at] ?? 0);
    if (!isUtf8(bytes.subarray(at, at + length))) break;
    if (bytes[at] === LINE_FEED) [line, column] = [line + 1, 0];
    at += length;
    column += length;
    if (bytes[at - 1] === LINE_FEED) column = 1;
  }
  return faultAt({ file, line, column: `byte ${column}` }, "is not UTF-8; save the file as CSV in UTF-8");
}
