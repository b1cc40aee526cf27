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

const STYLE =
  "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}" +
  "button{font:inherit;padding:.5rem 1rem}dt{font-weight:600}code{font-size:.95em}";

/** Allows this one style sheet and a form to ourselves; no script, no frame, no request to anywhere else. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** A whole page. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`.html;
}
