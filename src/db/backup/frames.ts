import { MusterError } from "../../errors.ts";

/** Bytes that one frame may hold; a row of PostgreSQL's never comes near. */
const MOST = 256 * 1024 * 1024;

/** A frame as it stands in a backup: its length in four bytes, then itself. An empty one ends a table. */
export function frame(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** The end of a table. */
export const END_OF_TABLE = frame(Buffer.alloc(0));

/**
 * The frames in a stream of bytes, wherever its pieces end.
 * @throws MusterError `invalid` when the bytes end within a frame, or are none.
 */
export async function* framesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const held: Buffer[] = [];
  let have = 0;
  const take = (length: number): Buffer => {
    const all = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held.splice(0, held.length, all.subarray(length));
    have -= length;
    return all.subarray(0, length);
  };
  let wanted: number | undefined;
  for await (const piece of pieces) {
    held.push(piece);
    have += piece.length;
    for (;;) {
      if (wanted === undefined) {
        if (have < 4) break;
        wanted = take(4).readUInt32BE();
        if (wanted > MOST) throw damaged("it holds a frame of impossible length");
      }
      if (have < wanted) break;
      yield take(wanted);
      wanted = undefined;
    }
  }
  if (have > 0 || wanted !== undefined) throw damaged("it ends too early");
}

/** What a file that cannot be restored from answers. */
export function damaged(why: string, cause?: unknown): MusterError {
  return new MusterError("invalid", `this is no whole backup of Muster: ${why}`, { at: "file", cause });
}
