import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { marked } from "marked";
import type { Plugin } from "vite";

/**
 * The pages of docs/ as plain HTML, built with the console: whoever asks for help gets that of the version that runs, without
 * leaving this server (R174).
 */
export function helpPages(root: string): Plugin {
  return {
    name: "help-pages",
    apply: "build",
    closeBundle() {
      const folder = join(root, "dist", "console", "console", "help");
      for (const path of globSync("**/*.md", { cwd: join(root, "docs") })) {
        const to = join(folder, path.replace(/\.md$/, ".html"));
        mkdirSync(dirname(to), { recursive: true });
        writeFileSync(
          to,
          helpPage(readFileSync(join(root, "docs", path), "utf8"), relative(dirname(path), ".") || "."),
        );
      }
      writeFileSync(join(folder, "help.css"), STYLE);
    },
  };
}

/** Links lead to the other pages as they stand here; what stands outside of docs/ is named, and leads nowhere. */
function helpPage(markdown: string, top: string): string {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? "Muster";
  const body = marked
    .parse(markdown, { async: false, gfm: true })
    // A head without a word is none.
    .replaceAll(/<th[^>]*><\/th>/g, "<td></td>")
    .replaceAll(
      /<a href="(?!https?:|#)([^"#]*)(#[^"]*)?">(.*?)<\/a>/gs,
      (_, to: string, at: string | undefined, text: string) =>
        to.endsWith(".md") && !to.startsWith("../../")
          ? `<a href="${to.replace(/\.md$/, ".html")}${at ?? ""}">${text}</a>`
          : text,
    );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="stylesheet" href="${top}/help.css">
<title>${title} · Muster</title>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const STYLE = `:root{color-scheme:light dark}
body{font:14px/1.5 system-ui,sans-serif;max-width:960px;margin:0 auto;padding:24px;overflow-wrap:anywhere}
h1,h2{font-size:20px;line-height:1.4;margin:32px 0 8px}h3{font-size:14px;margin:24px 0 8px}
pre{overflow-x:auto;padding:16px;border:1px solid #8886;border-radius:6px}code{font:14px ui-monospace,monospace}
table{border-collapse:collapse;display:block;overflow-x:auto}th,td{text-align:left;vertical-align:top;padding:8px 16px 8px 0;border-bottom:1px solid #8886}
a{color:light-dark(#0a7073,#4db1b2)}
`;
