import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Answer, Header, Reference } from "../../src/admin/openapi/answers.ts";
import { type OpenApi, type OperationObject, openApiDocument } from "../../src/admin/openapi/document.ts";
import { routes } from "../../src/admin/routes.ts";

const API = "/api/v1";

/** What the API says of itself. */
export const document: OpenApi = JSON.parse(JSON.stringify(openApiDocument(routes, API)));

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, "api");
/** The same, for what stands in a query string or a header as text; an id that is none is taken for nobody's. */
const ofText = new Ajv2020({ strict: false, allErrors: true, coerceTypes: true, validateFormats: false });
ofText.addSchema(document, "api");

/**
 * `fetch` for tests of the administration API. Throws when the document does not allow the answer (its status, type,
 * headers and body), or when a request succeeded that the document does not allow.
 */
export async function apiFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(input);
  const method = (init.method ?? "GET").toUpperCase();
  const response = await fetch(url, init);
  checkAnswer(method, url, init, response, await response.clone().text());
  return response;
}

/** What `apiFetch` checks, for answers that came by another way. @throws Error saying what is not allowed. */
export function checkAnswer(
  method: string,
  url: URL,
  init: RequestInit,
  answer: Pick<Response, "status" | "ok" | "headers">,
  text: string,
): void {
  const wrong = (what: string) => new Error(`${method} ${url.pathname}${url.search} → ${answer.status}: ${what}`);
  if (!url.pathname.startsWith(`${API}/`)) throw wrong("this is no path of the API");
  const found = find(method, url.pathname.slice(API.length));
  const declared = found === undefined ? undeclared(answer.status) : responseOf(found, answer.status);
  if (declared === undefined) throw wrong("the document has no such status here");
  checkHeaders(declared.response, answer.headers, wrong);
  const content = Object.entries(declared.response.content ?? {});
  const type = answer.headers.get("content-type")?.split(";")[0];
  if (method === "HEAD" || content.length === 0) {
    if (text !== "") throw wrong("the document says that there is no body");
    return;
  }
  const media = content.find(([name]) => name === type);
  if (media === undefined) throw wrong(`the document has no ${type} here`);
  if (media[1].schema.type !== "string") {
    const schema = `${declared.place}/content/${step(media[0])}/schema`;
    check(validator(ajv, schema), JSON.parse(text), (faults) => wrong(`the document does not allow ${faults}`));
  }
  if (answer.ok && found !== undefined) checkRequest(found, url, init, wrong);
}

type Found = { operation: OperationObject; place: string };
type Declared = { response: Answer; place: string };

/** The operation of a request: a segment that is a name goes before one that is a parameter, where it has the method. */
function find(method: string, pathname: string): Found | undefined {
  const asked = pathname.replace(/\/$/, "").split("/");
  const matching = Object.keys(document.paths).filter((path) => {
    const segments = path.split("/");
    return (
      segments.length === asked.length &&
      segments.every((segment, at) => (segment.startsWith("{") ? asked[at] !== "" : segment === asked[at]))
    );
  });
  const verb = (method === "HEAD" ? "GET" : method).toLowerCase();
  const path = matching
    .sort((a, b) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1))
    .find((one) => document.paths[one]?.[verb]);
  const operation = path === undefined ? undefined : document.paths[path]?.[verb];
  return operation && { operation, place: `#/paths/${step(path ?? "")}/${verb}` };
}

/** One step of a JSON pointer in a URI fragment. */
function step(name: string): string {
  return encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function responseOf({ operation, place }: Found, status: number): Declared | undefined {
  const response = operation.responses[status];
  return response && resolved(response, `${place}/responses/${status}`);
}

function resolved(response: Answer | Reference, place: string): Declared | undefined {
  if (!("$ref" in response)) return { response, place };
  const found = document.components.responses[response.$ref.split("/").at(-1) ?? ""];
  return found && { response: found, place: response.$ref };
}

/** Where there is no operation, the answer is one of these problems. */
function undeclared(status: number): Declared | undefined {
  const names: Record<number, string> = {
    400: "BadRequest",
    401: "Unauthorized",
    404: "NotFound",
    405: "MethodNotAllowed",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
  };
  const name = names[status];
  return name === undefined ? undefined : resolved({ $ref: `#/components/responses/${name}` }, "");
}

function checkHeaders(declared: Answer, headers: Headers, wrong: (what: string) => Error): void {
  const allowed = new Set<string>();
  for (const [name, reference] of Object.entries(declared.headers)) {
    const header = "$ref" in reference ? document.components.headers[name] : reference;
    const value = headers.get(name);
    allowed.add(name);
    if (value === null) {
      if (header?.required) throw wrong(`the header ${name} is missing`);
    } else {
      const { schema } = header as Header;
      const validate = once(`header ${name}`, () => ofText.compile({ type: "object", properties: { value: schema } }));
      check(validate, { value }, (faults) => wrong(`the header ${name} is not what the document says: ${faults}`));
    }
  }
  // Whoever lacks a permission is told which, also where what lies outside of it answers as unknown.
  for (const name of Object.keys(document.components.headers))
    if (!allowed.has(name) && headers.has(name) && name !== "WWW-Authenticate")
      throw wrong(`the document has no header ${name} here`);
}

/** What was accepted must be what the document says that can be sent. */
function checkRequest({ operation, place }: Found, url: URL, init: RequestInit, wrong: (what: string) => Error): void {
  const parameters = operation.parameters ?? [];
  for (const [name, value] of url.searchParams) {
    const at = parameters.findIndex((parameter) => parameter.in === "query" && parameter.name === name);
    if (at < 0) throw wrong(`the document has no parameter ${name}`);
    const schema = { type: "object", properties: { value: { $ref: `api${place}/parameters/${at}/schema` } } };
    const validate = once(`parameter ${place} ${name}`, () => ofText.compile(schema));
    check(validate, { value }, (faults) => wrong(`${name} is not what the document says: ${faults}`));
  }
  if (operation.requestBody === undefined || typeof init.body !== "string") return;
  check(
    validator(ajv, `${place}/requestBody/content/${step("application/json")}/schema`),
    JSON.parse(init.body),
    (faults) => wrong(`the document does not allow what was sent: ${faults}`),
  );
}

const compiled = new Map<string, ValidateFunction>();

/** To compile a schema takes a thousand times as long as to ask it. */
function once(name: string, compile: () => ValidateFunction): ValidateFunction {
  const found = compiled.get(name) ?? compile();
  compiled.set(name, found);
  return found;
}

function validator(by: Ajv2020, place: string): ValidateFunction {
  const found = by.getSchema(`api${place}`);
  if (found === undefined) throw new Error(`the document has no ${place}`);
  return found as ValidateFunction;
}

function check(validate: ValidateFunction, value: unknown, wrong: (faults: string) => Error): void {
  if (validate(value)) return;
  const faults = (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(" "),
  );
  throw wrong(faults.join("; "));
}
