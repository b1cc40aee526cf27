import { MusterError } from "../errors.ts";
import { emailKey } from "../identity/keys.ts";

export type Address = { name: string; address: string };

const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const LONGEST_TEXT = 80;

/**
 * The sender from the setting `mail.from`: `Name <address>` or an address alone.
 * @throws MusterError `configuration` when it is neither; mail libraries would guess, and each differently.
 */
export function parseSender(text: string): Address {
  const parts = /^\s*(?:"?([^"<>@]*?)"?\s*<([^<>]+)>|([^<>\s]+))\s*$/.exec(text);
  const address = emailKey(parts?.[2] ?? parts?.[3] ?? "");
  if (address === null)
    throw new MusterError(
      "configuration",
      "mail.from must be an address or NAME <ADDRESS>, as in Muster <muster@example.com>",
      {
        at: "mail.from",
      },
    );
  return { name: oneLine(parts?.[1] ?? ""), address };
}

/** One recipient, never a list: exactly one plain addr-spec or nothing. Libraries read commas, brackets and line ends their own way. */
export function parseRecipient(text: string): Address | undefined {
  const address = emailKey(text);
  return address === null ? undefined : { name: "", address };
}

/** Somebody's text whole, on one line: an address must not be cut. */
export function unbroken(text: string): string {
  return text.replace(CONTROLS, " ").trim();
}

/** Somebody's text as a short single line without controls, and without a scheme that makes a mail program link it. */
export function oneLine(text: string): string {
  const line = text.replace(CONTROLS, " ").replace(/:\/\//g, " ").replace(/\s+/g, " ").trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT - 1).trimEnd()}…` : line;
}

/** Lines of a personal message at most, and characters of each. */
const MOST_LINES = 40;
const LONGEST_LINE = 400;

/**
 * Somebody's personal message as lines that lead nowhere: it travels under our sender's good name, so nothing of it is to become
 * a link in a mail program (schemes and the double backslashes of file servers go, and the dots inside of names of hosts, whatever
 * letter or picture stands before them, are written out).
 * @param options.links an organization administrator wrote it, and means where it leads (F28).
 */
export function personalLines(text: string, options: { links?: boolean } = {}): string[] {
  const lines = text
    .split(/\r\n|[\n\r\u2028\u2029]/u)
    .map((line) => (options.links ? line.replace(CONTROLS, " ") : harmless(line.replace(CONTROLS, " "))))
    .map((line) => line.trim().slice(0, LONGEST_LINE));
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines.slice(0, MOST_LINES);
}

function harmless(line: string): string {
  return line.replace(/:\/\/|\\\\+/g, " ").replace(/(?<=[^\s.])[.\u3002\uff0e\uff61](?=[\p{L}\p{N}])/gu, "[.]");
}
