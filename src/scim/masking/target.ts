import { parseId } from "../../db/id.ts";
import { maskExpression } from "./expression.ts";
import { holdsToken, isName, maskText, namesSecret, SECRET, type Visibility } from "./text.ts";

/** Parts of a path by which nobody can be known; all but the last three are what a wrongly pasted URL repeats. */
const PARTS = new Set("users groups schemas resourcetypes serviceproviderconfig me bulk .search scim v1 v2".split(" "));
const URN = /^urn:[\w:.-]+$/i;
const MAX_PARTS = 8;
const MAX_PARAMETERS = 20;
const LONGEST_VALUE = 1_024;

/** A path below the directory's base URL: ids as they stand, whatever else may stand in one's place masked. */
export function maskPath(path: string, visibility: Visibility): string {
  const parts = path.slice(0, LONGEST_VALUE).split("/");
  const shown = parts.slice(0, MAX_PARTS + 1).map((part, i) => {
    const text = decode(part);
    if (text === "" || PARTS.has(text.toLowerCase()) || parseId(text) !== undefined) return text;
    if (URN.test(text) && !holdsToken(text) && parts[i - 1]?.toLowerCase() === "schemas") return text;
    return maskValue(text, visibility);
  });
  return storable(shown.join("/") + (parts.length > shown.length ? "/…" : ""));
}

/**
 * A query string, decoded so that a person can read it: names of parameters and of attributes, operators and paging as
 * they stand, what is sought masked.
 * @param query what follows the question mark.
 */
export function maskQuery(query: string, visibility: Visibility): string {
  const parameters = query.split("&", MAX_PARAMETERS + 1);
  const shown = parameters.slice(0, MAX_PARAMETERS).map((parameter) => {
    const equals = parameter.indexOf("=");
    const name = decode(equals < 0 ? parameter : parameter.slice(0, equals));
    const shownName = isName(name) ? name : maskText(name);
    return equals < 0
      ? shownName
      : `${shownName}=${maskParameter(name, decode(parameter.slice(equals + 1)), visibility)}`;
  });
  return storable(shown.join("&") + (parameters.length > shown.length ? "&…" : ""));
}

/** The value of a query parameter, or of the member of a search request that stands for it (RFC 7644 §3.4.3). */
export function maskParameter(name: string, text: string, visibility: Visibility): string {
  switch (name.toLowerCase()) {
    case "filter":
      return maskExpression(text, "filter", visibility);
    case "attributes":
    case "excludedattributes":
    case "sortby":
      return maskExpression(text, "names", visibility);
    case "sortorder":
      return /^(?:asc|desc)(?:ending)?$/i.test(text) ? text : maskValue(text, visibility);
    case "startindex":
    case "count":
      return /^-?\d{1,9}$/.test(text) ? text : maskValue(text, visibility);
    default:
      return namesSecret(name) ? SECRET : maskValue(text, visibility);
  }
}

function maskValue(text: string, visibility: Visibility): string {
  if (visibility === "masked") return maskText(text);
  return holdsToken(text) ? SECRET : text.slice(0, LONGEST_VALUE);
}

/** What cannot be decoded is shown as it came. */
function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** PostgreSQL's text holds no NUL. */
export function storable(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
}
