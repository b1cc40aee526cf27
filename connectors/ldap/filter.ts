import { isUtf8 } from "node:buffer";
import { AndFilter, EqualityFilter, type Filter, FilterParser, NotFilter, OrFilter } from "ldapts";

/** Exactly this value: never text that could be taken for syntax (RFC 4515), and bytes as they are. */
export function equals(attribute: string, value: string | Buffer): Filter {
  return new EqualityFilter({ attribute, value });
}

export function either(filters: Filter[]): Filter {
  return new OrFilter({ filters });
}

/** @param filter as the settings have it. @param narrowedBy what must be true of an entry besides. */
export function parsed({ filter, narrowedBy }: { filter: string; narrowedBy?: Filter | undefined }): Filter {
  const whole = parseFilter(filter);
  return narrowedBy === undefined ? whole : new AndFilter({ filters: [whole, narrowedBy] });
}

/**
 * A filter as text (RFC 4515). By itself the client makes a character of each escaped byte, and passes over parentheses
 * that are missing at the end; either would search for something else than was said.
 * @throws Error when it is none, or when bytes that are no text stand elsewhere than behind `=`.
 */
export function parseFilter(text: string): Filter {
  if (text.split("(").length !== text.split(")").length) throw new Error("unbalanced parentheses");
  return withBytes(FilterParser.parseString(text.replace(/(?:\\[0-9a-f]{2})+/gi, unescaped)));
}

/** Low surrogates, which stand for bytes that are no text: a text has none of them alone. */
const RAW_BYTE = 0xdc00;
const RAW_BYTES = /([\uDC00-\uDCFF]+)/u;

/** What stands for these escaped bytes in front of the client's parser: ASCII stays escaped, for it may be syntax. */
function unescaped(run: string): string {
  const bytes = Buffer.from(run.replaceAll("\\", ""), "hex");
  if (!isUtf8(bytes)) return String.fromCharCode(...[...bytes].map((byte) => RAW_BYTE + byte));
  return [...bytes.toString()]
    .map((character) => (character > "\x7f" ? character : `\\${Buffer.from(character).toString("hex")}`))
    .join("");
}

function withBytes(filter: Filter): Filter {
  if (filter instanceof AndFilter) return new AndFilter({ filters: filter.filters.map(withBytes) });
  if (filter instanceof OrFilter) return new OrFilter({ filters: filter.filters.map(withBytes) });
  if (filter instanceof NotFilter) return new NotFilter({ filter: withBytes(filter.filter) });
  if (filter instanceof EqualityFilter) return equals(filter.attribute, bytesOf(filter.value.toString()));
  if (
    Object.values(filter)
      .flat()
      .some((part) => RAW_BYTES.test(String(part)))
  )
    throw new Error("bytes that are no text");
  return filter;
}

function bytesOf(value: string): Buffer {
  const parts = value.split(RAW_BYTES);
  return Buffer.concat(parts.map((part, at) => (at % 2 === 0 ? Buffer.from(part) : Buffer.from(part, "latin1"))));
}
