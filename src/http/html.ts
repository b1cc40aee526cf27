import { createHash } from "node:crypto";

/** HTML that is safe to stand in a page. */
export type Html = { readonly html: string };

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Markup from the template, everything put into it escaped; lists are joined. Quote attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? toText(values[index] ?? "") : ""));
  return { html: parts.join("") };
}

function toText(value: string | Html | readonly Html[]): string {
  if (typeof value === "string") return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
  return "html" in value ? value.html : value.map((part) => part.html).join("");
}

/** The one theme of everything that people see as plain HTML. */
const THEME =
  ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}" +
  "button,input,textarea{font:inherit;padding:.5rem 1rem}input,textarea{width:100%;box-sizing:border-box}dt{font-weight:600}code{font-size:.95em}";

/** Allows these style sheets and a form to ourselves; no script, no frame, no request to anywhere else. */
export function contentSecurityPolicy(style = ""): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256")
      .update(THEME + style)
      .digest("base64")}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

/** A whole page. @param style what it needs beyond the theme; its policy must be made with the same. */
export function page(title: string, body: Html, style = "", language = "en"): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${{ html: THEME + style }}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`.html;
}
