import { type Html, html, page } from "../../http/html.ts";
import type { Answer } from "../openapi/answers.ts";
import type { OpenApi, OperationObject } from "../openapi/document.ts";
import type { Parameter } from "../openapi/parameters.ts";
import { curlOf } from "./curl.ts";
import { outlineOf } from "./outline.ts";

/** What the reader needs beyond the theme: room for code, and lines between what belongs apart. */
export const STYLE =
  "body{max-width:60rem;margin:2rem auto}pre{overflow-x:auto;padding:.75rem;border:1px solid #8888;border-radius:.25rem}" +
  "code{overflow-wrap:anywhere}pre code{overflow-wrap:normal}section,article{border-top:1px solid #8888;margin-top:2rem}" +
  "nav ul{columns:18rem;padding:0;list-style:none}nav li{padding:.15rem 0;break-inside:avoid}nav a{display:block}" +
  "h3 a,h2 a{color:inherit;text-decoration:none}dd{margin-left:1rem}.skip{position:absolute;left:-100rem}.skip:focus{position:static}" +
  ":target{outline:2px solid;outline-offset:.5rem}";

type Placed = { path: string; method: string; operation: OperationObject };

/** The whole reference on one page, so that a browser's own search finds everything. */
export function docsPage(document: OpenApi): string {
  const placed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => ({ path, method, operation })),
  );
  const byTag = Map.groupBy(placed, ({ operation }) => operation.tags[0] ?? "");
  const tags = document.tags.map(({ name }) => ({ name, operations: byTag.get(name) ?? [] }));
  return page(
    "Muster: the administration API",
    html`<p><a class="skip" href="#operations">Go to the operations</a></p>
<p>Every operation below <code>${document.servers[0]?.url ?? ""}</code>. For programs:
<a href="/api/v1/openapi.json">the same as OpenAPI ${document.openapi}</a>. Find what you need with your browser's search.</p>
${document.info.description.split("\n\n").map((text) => html`<p>${marked(text)}</p>\n`)}
<nav aria-label="Operations">
${tags.map(({ name, operations }) => html`<h2>${name}</h2>\n<ul>\n${operations.map(link)}</ul>\n`)}</nav>
<main id="operations">
${tags.map(({ name, operations }) => section(document, name, operations))}
<section aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(
  ([name, schema]) => html`<h3 id="schema-${name}"><a href="#schema-${name}">${name}</a></h3>
${code(outlineOf(schema), `Schema ${name}`)}`,
)}</section>
</main>`,
    STYLE,
  );
}

function link({ operation }: Placed): Html {
  return html`<li><a href="#${operation.operationId}">${operation.summary}</a></li>\n`;
}

function section(document: OpenApi, name: string, operations: readonly Placed[]): Html {
  return html`<section aria-labelledby="tag-${name}">
<h2 id="tag-${name}"><a href="#tag-${name}">${name}</a></h2>
${operations.map((placed) => article(document, placed))}</section>
`;
}

function article(document: OpenApi, { path, method, operation }: Placed): Html {
  const { operationId: id, parameters = [], requestBody } = operation;
  const base = document.servers[0]?.url ?? "";
  const body = requestBody?.content["application/json"]?.schema;
  return html`<article id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title"><a href="#${id}">${operation.summary}</a></h3>
<p><code>${method.toUpperCase()} ${path}</code> (<code>${id}</code>)</p>
<p>${marked(operation.description)}</p>
${parameters.length === 0 ? "" : html`<h4>Parameters</h4>\n<dl>\n${parameters.map(parameterEntry)}</dl>\n`}
${body === undefined ? "" : html`<h4>Body</h4>\n${code(outlineOf(body), `Body of ${id}`)}`}
<h4>Answers</h4>
<dl>
${Object.entries(operation.responses).map(([status, response]) => answerEntry(document, id, status, response))}</dl>
<h4>Example</h4>
${code(html`${curlOf(base, method, path, operation, document.components.schemas)}`, `Example of ${id}`)}</article>
`;
}

function parameterEntry({ name, in: place, required, description, schema }: Parameter): Html {
  const { default: preset } = schema;
  return html`<dt><code>${name}</code></dt>
<dd>${place}, ${required ? "required" : "optional"}: <code>${outlineOf(schema)}</code>${
    preset === undefined ? "" : html`, <code>${String(preset)}</code> if left out`
  }. ${marked(description ?? "")}</dd>
`;
}

/** Successes with their form; of a failure its codes, because every failure has the form of Problem. */
function answerEntry(document: OpenApi, id: string, status: string, found: Answer | { $ref: string }): Html {
  const name = "$ref" in found ? (found.$ref.split("/").at(-1) ?? "") : undefined;
  const answer = name === undefined ? (found as Answer) : document.components.responses[name];
  const schema = name === undefined ? Object.values(answer?.content ?? {})[0]?.schema : undefined;
  return html`<dt>${status}</dt>
<dd>${answer?.description ?? ""}${schema === undefined ? "" : code(outlineOf(schema), `Answer ${status} of ${id}`)}</dd>
`;
}

/** Code that is wider than the page is moved by itself, also with the keyboard. */
function code(text: Html, label: string): Html {
  return html`<pre tabindex="0" role="region" aria-label="${label}"><code>${text}</code></pre>
`;
}

/** Text in which what stands between backticks is code. */
function marked(text: string): Html {
  return html`${text.split("`").map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))}`;
}
