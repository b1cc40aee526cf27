import { MusterError } from "../errors.ts";
import { type AccountFilter, STATUSES } from "../identity/account-overview.ts";

const FIELDS = ["userName", "email", "status", "id"] as const;
const OPERATORS = ["eq", "co", "sw"] as const;
const MAX_LENGTH = 1_000;
const MAX_TERMS = 10;

// One comparison; the value is a JSON string, read as such afterwards.
const TERM = /([A-Za-z]+) +([A-Za-z]+) +("(?:[^"\\]|\\.)*")/y;

/**
 * A filter over users: `FIELD OPERATOR "VALUE"`, joined by `and` (a part of RFC 7644 §3.4.2.2). Names and operators
 * in any case.
 * @throws MusterError `invalid-filter`, `at` the character where reading stopped.
 */
export function parseFilter(text: string): AccountFilter[] {
  if (text.length > MAX_LENGTH) throw wrong(`a filter may have at most ${MAX_LENGTH} characters`, MAX_LENGTH);
  const terms: AccountFilter[] = [];
  let position = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  for (;;) {
    TERM.lastIndex = position;
    const found = TERM.exec(text);
    if (!found) throw wrong('a comparison is expected, as in userName eq "ada"', position);
    terms.push(term(found, position));
    if (terms.length > MAX_TERMS) throw wrong(`a filter may have at most ${MAX_TERMS} comparisons`, position);
    position += found[0].length;
    if (position === end) return terms;
    const joined = /^ +and +/i.exec(text.slice(position));
    if (!joined) throw wrong("only `and` joins comparisons here", position);
    position += joined[0].length;
  }
}

function term([, name = "", word = "", quoted = ""]: RegExpExecArray, position: number): AccountFilter {
  const field = FIELDS.find((known) => known.toLowerCase() === name.toLowerCase());
  if (!field) throw wrong(`users cannot be filtered by ${name}; known are ${FIELDS.join(", ")}`, position);
  const operator = OPERATORS.find((known) => known === word.toLowerCase());
  if (!operator) throw wrong(`the operator ${word} is not known here; known are ${OPERATORS.join(", ")}`, position);
  const value = unquote(quoted, position);
  if ((field === "status" || field === "id") && operator !== "eq")
    throw wrong(`${field} is compared with eq only`, position);
  if (field === "userName" || field === "email") return { field, operator, value };
  if (field === "id") return { field, operator: "eq", value };
  const status = STATUSES.find((known) => known === value);
  if (!status) throw wrong(`there is no status ${JSON.stringify(value)}; known are ${STATUSES.join(", ")}`, position);
  return { field, operator: "eq", value: status };
}

function unquote(quoted: string, position: number): string {
  let value: unknown;
  try {
    value = JSON.parse(quoted);
  } catch {
    throw wrong("the text is not one that JSON knows", position);
  }
  if (typeof value !== "string" || value.includes("\0") || !value.isWellFormed())
    throw wrong("the text holds a character that cannot be stored", position);
  return value;
}

function wrong(detail: string, position: number): MusterError {
  return new MusterError("invalid-filter", `${detail} (character ${position + 1} of the filter)`, { at: "filter" });
}
