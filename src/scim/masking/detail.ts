import { holdsToken, maskText, SECRET, type Visibility } from "./text.ts";

const LONGEST = 500;
const EDGES = /^[("'[]+|[)\]"'.,:;…]+$/g;
/** Shorter words would be found in any request. */
const SHORTEST = 3;

/**
 * The detail of an error. It is Muster's own text and names places, not values; where it quotes a word of the request that
 * the request's own masked form does not show, or an address, that word is masked here too.
 * @param sent path and query as they came.
 * @param shown the same, masked.
 */
export function maskDetail(detail: string, sent: string, shown: string, visibility: Visibility): string {
  const text = detail.slice(0, LONGEST).replaceAll("\0", "\uFFFD");
  if (holdsToken(text)) return SECRET;
  if (visibility === "clear") return text;
  const whole = `${sent} ${decode(sent)}`;
  return text.replace(/\S+/g, (part) => {
    const word = part.replace(EDGES, "");
    const hidden = word.includes("@") || (word.length >= SHORTEST && whole.includes(word) && !shown.includes(word));
    return hidden ? part.replace(word, () => maskText(word)) : part;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
