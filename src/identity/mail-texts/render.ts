import { Liquid, type Template } from "liquidjs";
import { MusterError } from "../../errors.ts";
import type { Locale } from "../locales.ts";
import { EVERYWHERE, type MailKind, type Part, VARIABLES, type Wording } from "./wording.ts";
import { de, deWords } from "./words-de.ts";
import { en, enWords } from "./words-en.ts";

/** A mail as it is read. */
export type Written = { subject: string; text: string; html: string };

/** An organization's own parts; null: Muster's. */
export type OwnParts = Readonly<Record<Part, string | null>>;

/** What Muster itself says. */
export const WORDINGS: Readonly<Record<Locale, Readonly<Record<MailKind, Wording>>>> = { en, de };
/** Words that are put into mails. */
export const MAIL_WORDS: Readonly<Record<Locale, typeof enWords>> = { en: enWords, de: deWords };

const LONGEST = 20_000;
const limits = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  parseLimit: LONGEST,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
  // No template is found in files.
  templates: {},
} as const;
const ours = new Liquid(limits);
/** For what administrators write: values and nothing else, so no tag loops, reads a file or hides what must stand there. */
const theirs = new Liquid(limits);
for (const name of Object.keys(theirs.tags)) delete theirs.tags[name];
for (const name of Object.keys(theirs.filters)) delete theirs.filters[name];

const parsed = new Map<string, Template[]>();

function own(text: string): Template[] {
  let template = parsed.get(text);
  if (!template) {
    if (parsed.size >= 1_000) parsed.clear();
    template = theirs.parse(text);
    parsed.set(text, template);
  }
  return template;
}

/**
 * Looks at an administrator's words before they are kept.
 * @throws MusterError `invalid` at the part: it is no template of values alone, names something that this kind has not, names anything but
 * the organization in the subject, or leaves out what the mail is for (`link`, `expires`).
 */
export function checkPart(kind: MailKind, part: Part, text: string): void {
  const known = part === "subject" ? ["organization"] : [...EVERYWHERE, ...VARIABLES[kind].names];
  const sample = Object.fromEntries(known.map((name) => [name, `\u0001${name}\u0001`]));
  const refused = (why: string) => new MusterError("invalid", why, { at: `/${part}` });
  if (part === "subject" && /[\r\n]/.test(text)) throw refused("a subject is one line");
  let named: string[];
  let shown: string;
  try {
    const template = theirs.parse(text);
    named = theirs.globalFullVariablesSync(template);
    shown = named.every((name) => known.includes(name)) ? String(theirs.renderSync(template, sample)) : "";
  } catch (error) {
    throw refused(`it is no template of values alone: ${(error as Error).message.split("\n")[0]}`);
  }
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw refused(`there is no {{ ${unknown} }} here; there is ${known.join(", ")}`);
  // Looked for in what comes out, not in what looks as if it named it.
  const missing = part === "action" && VARIABLES[kind].required.find((name) => !shown.includes(sample[name] as string));
  if (missing) throw refused(`{{ ${missing} }} must stay: the mail is for nothing without`);
}

const builtIn = new Map<string, Template[]>();

function builtInPart(kind: MailKind, locale: Locale, part: Part | "facts"): Template[] {
  const key = `${locale} ${kind} ${part}`;
  const template = builtIn.get(key) ?? ours.parse(WORDINGS[locale][kind][part]);
  builtIn.set(key, template);
  return template;
}

/** @param values plain text, made harmless already: a value is never a template or markup, and holds no line end. */
export function renderMail(
  kind: MailKind,
  locale: Locale,
  parts: OwnParts | null,
  values: Readonly<Record<string, unknown>>,
  links: { main?: string; footer?: { words: string; link: string } } = {},
): Written {
  const say = (part: Part | "facts"): string => {
    const words = part === "facts" ? null : (parts?.[part] ?? null);
    if (words !== null)
      try {
        return String(theirs.renderSync(own(words), values)).trim();
      } catch {
        // Kept under another version of Muster, which had other values: its own words are better than no mail.
      }
    return String(ours.renderSync(builtInPart(kind, locale, part), values)).trim();
  };
  const body = [say("intro"), say("facts"), say("action"), say("outro")];
  if (links.footer) body.push(`${links.footer.words}\n${links.footer.link}`);
  const text = body
    .filter((block) => block !== "")
    .join("\n\n")
    .replace(/\n{3,}/g, "\n\n");
  const subject = say("subject").replace(/\s+/g, " ");
  return { subject, text: `${text}\n`, html: htmlOf(subject, text, locale, [links.main, links.footer?.link]) };
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

function anchor(link: string): string {
  return `<a href="${link}">${link}</a>`;
}

/** How a run of lines of one kind is marked up. */
const MARKED: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  command: (lines) => `<p>${lines.map((line) => `<code>${line}</code>`).join("<br>\n")}</p>`,
  item: (lines) => `<ul>${lines.map((line) => `<li>${line}</li>`).join("")}</ul>`,
  quote: (lines) => `<blockquote>${lines.join("<br>\n")}</blockquote>`,
  link: (lines) => `<p>${lines.map(anchor).join("<br>\n")}</p>`,
  words: (lines) => `<p>${lines.join("<br>\n")}</p>`,
};

/** The same mail as HTML, made of its text: everything is escaped, and only our own links are links. Nothing is fetched from anywhere. */
function htmlOf(subject: string, text: string, locale: Locale, links: readonly (string | undefined)[]): string {
  const parts: string[] = [];
  let run: { kind: string; lines: string[] } = { kind: "none", lines: [] };
  const close = () => {
    if (run.lines.length > 0) parts.push(MARKED[run.kind]?.(run.lines) ?? "");
    run = { kind: "none", lines: [] };
  };
  for (const line of text.split("\n")) {
    const kind = line === "" ? "none" : kindOf(line, links);
    if (kind !== run.kind) close();
    if (kind === "none") continue;
    run.kind = kind;
    const shown = escaped(kind === "words" || kind === "link" ? line : line.slice(2));
    run.lines.push(kind === "words" && links[0] !== undefined ? shown.replaceAll(escaped(links[0]), anchor) : shown);
  }
  close();
  return `<!doctype html>
<html lang="${locale}">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escaped(subject)}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
${parts.join("\n")}
</body>
</html>
`;
}

function kindOf(line: string, links: readonly (string | undefined)[]): string {
  if (links.includes(line)) return "link";
  if (line.startsWith("  ")) return "command";
  if (line.startsWith("- ")) return "item";
  return line.startsWith("> ") || line === ">" ? "quote" : "words";
}
