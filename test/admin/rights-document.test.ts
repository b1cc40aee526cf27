import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { BUNDLES, PERMISSIONS_OF } from "../../src/identity/rights/bundles.ts";
import { PERMISSIONS } from "../../src/identity/rights/permissions.ts";
import { ACTORS } from "./actors.ts";
import { TABLE } from "./rights-table.ts";

const DOCUMENT = join(import.meta.dirname, "..", "..", "docs", "rights.md");

/** A table of Markdown, its first column in code. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...rows.map(([first, ...rest]) => line([`\`${first}\``, ...rest])),
  ].join("\n");
}

function withSection(text: string, name: string, section: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  return `${text.slice(0, text.indexOf(begin) + begin.length)}\n\n${section}\n\n${text.slice(text.indexOf(end))}`;
}

it("docs/rights.md has the bundles and the table as they are (this test with --update writes it)", async () => {
  const bundles = table(
    ["permission", ...BUNDLES],
    PERMISSIONS.map((permission) => [
      permission,
      ...BUNDLES.map((one) => (PERMISSIONS_OF[one].has(permission) ? "yes" : "")),
    ]),
  );
  const path = new Map(routes.map((route) => [route.id, `${route.method} ${route.path}`]));
  const operations = table(
    ["operation", ...ACTORS.map((actor) => actor.replaceAll("-", " "))],
    [...TABLE].map(([operation, cells]) => [
      path.get(operation) ?? operation,
      ...ACTORS.map((actor) => cells.get(actor)?.replace("no", "") ?? ""),
    ]),
  );
  const written = readFileSync(DOCUMENT, "utf8");
  const wanted = withSection(withSection(written, "bundles", bundles), "operations", operations);
  await expect(wanted).toMatchFileSnapshot(DOCUMENT);
});
