import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Share } from "./profile.ts";
import { circumstances, sections } from "./report.ts";
import type { Summary } from "./summary.ts";
import { asMarkdown } from "./table.ts";

const PAGE = resolve(import.meta.dirname, "../../docs/performance.md");
const HEAD = `# Performance

Every figure between the marks was written by the bench (\`npm run bench -- scim --write\`, \`npm run bench -- hostile --write\`,
\`npm run bench -- google --write\`, \`npm run bench -- sync --write\`, \`npm run bench -- access --write\`,
\`npm run bench -- api --write\`, \`npm run bench -- console --write\`), none by hand. It measures on whatever machine
runs it: run it on yours.
`;

/** A part of docs/performance.md that one bench writes; the others stay as they are. */
export type Part = "scim" | "hostile" | "google" | "sync" | "access" | "api" | "console";
const PARTS: readonly Part[] = ["scim", "hostile", "google", "sync", "access", "api", "console"];

/** Writes one part of the page, making the page where there is none; what people wrote behind the parts stays. Returns its path. */
export function writePart(part: Part, text: string, file = PAGE): string {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const parts = PARTS.map((name) => (name === part ? text.trim() : heldPart(before, name)));
  const written = PARTS.map((name, index) => `${begin(name)}\n\n${parts[index]}\n\n${end(name)}\n`);
  const tail = before
    .slice(before.lastIndexOf(END))
    .replace(/^.*\n?/, "")
    .trim();
  writeFileSync(file, [HEAD, ...written, ...(before.includes(END) && tail !== "" ? [`${tail}\n`] : [])].join("\n"));
  return file;
}

function heldPart(page: string, part: Part): string {
  const from = page.indexOf(begin(part));
  const to = page.indexOf(end(part));
  return from < 0 || to < 0 ? "Not measured yet." : page.slice(from + begin(part).length, to).trim();
}

const begin = (part: Part) => `<!-- ${part}: written by the bench -->`;
const END = "<!-- end of ";
const end = (part: Part) => `${END}${part} -->`;

/** Measured by the issue that asked for these figures, with a bare server of the same kind; quoted, not measured here. */
const QUOTED =
  "For comparison, quoted from the issue that set the targets, which measured it side by side on one PostgreSQL: BoxyHQ " +
  "Jackson 26.2 reached 0.14 of a bare server on POST, 0.29 to 0.40 on GET, 0.12 to 0.18 on the filter, 0.18 to 0.44 on the " +
  "page and 0.2 to 0.26 on PATCH, and took 4.4 to 4.9 PATCHes of 100 members a second.";

/** The page's part on SCIM. */
export function scimPart(summary: Summary): string {
  const parts = sections(summary).map(({ table, notes }) =>
    [`## ${table.title}`, asMarkdown(table), ...notes].join("\n\n"),
  );
  return ["## Circumstances", circumstances(summary), ...parts, QUOTED, timeSpent(summary)].join("\n\n");
}

/** Places with less of the time are not worth a line. */
const WORTH = 0.03;

function timeSpent({ profiles }: Summary): string {
  const list = (shares: readonly Share[]) =>
    shares
      .filter(({ share }) => share >= WORTH)
      .map(({ name, share }) => `${name} ${(share * 100).toFixed(0)} %`)
      .join(", ");
  const rows = Object.entries(profiles).map(([name, { busy, places }]) => [
    name,
    `${(busy * 100).toFixed(0)} %`,
    list(places),
  ]);
  return [
    "## Where Muster's own time goes",
    asMarkdown({ title: "", head: ["", "busy", "self time, by part"], rows }),
    "One more round of each operation under the CPU profiler, Muster's process alone; the rest of a request's time is " +
      "PostgreSQL's and the client's. `--profile FOLDER` keeps the profiles and the functions.",
  ].join("\n\n");
}
