import { MusterError } from "../errors.ts";

/** Levels of lists and objects in each other; a Bulk request of the deepest resource has nine. */
const MAX_DEPTH = 40;
/** Members of one object; an object of any schema has far fewer. */
const MAX_MEMBERS = 1_000;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Looks once over the bytes of a JSON text, before anything is made of them: what nests without end or has names without
 * end would hold the process for seconds. Whether it is JSON at all is the parser's to say.
 * @throws MusterError `invalid` naming the bound.
 */
export function requireModestShape(bytes: Buffer): void {
  const members = new Uint32Array(MAX_DEPTH + 1);
  let depth = 0;
  for (let place = 0; place < bytes.length; place++) {
    switch (bytes[place]) {
      case QUOTE:
        place = endOfText(bytes, place);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > MAX_DEPTH) throw new MusterError("invalid", `the body nests more than ${MAX_DEPTH} deep`);
        members[depth] = 0;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth = Math.max(0, depth - 1);
        break;
      case COLON:
        members[depth] = (members[depth] ?? 0) + 1;
        if ((members[depth] ?? 0) > MAX_MEMBERS)
          throw new MusterError("invalid", `an object of the body has more than ${MAX_MEMBERS} members`);
    }
  }
}

/** The place of the closing quote, or the end. */
function endOfText(bytes: Buffer, start: number): number {
  let place = start + 1;
  while (place < bytes.length && bytes[place] !== QUOTE) place += bytes[place] === BACKSLASH ? 2 : 1;
  return place;
}
