/** Between addresses, and people as mail programs copy them: as the server reads them, whose reading is the one that counts. */
const BETWEEN = /[\s,;]+/u;
const NAMED = /(?:"[^"<>]*"|[^\s,;"<>]+(?:[ \t]+[^\s,;"<>@]+)*)?[ \t]*<([^\s<>]*)>/gu;

/** The addresses in what was typed or pasted (U7), each once, and how many were there twice. */
export function splitAddresses(text: string): { addresses: string[]; doubled: number } {
  const all = text
    .replace(NAMED, " $1 ")
    .split(BETWEEN)
    .filter((one) => one !== "");
  const seen = new Map(all.map((one) => [one.toLowerCase(), one]));
  return { addresses: [...seen.values()], doubled: all.length - seen.size };
}
