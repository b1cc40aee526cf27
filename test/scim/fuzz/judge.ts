import type { FuzzRequest, World } from "./requests.ts";

export type FuzzAnswer = { status: number; headers: Record<string, string | string[] | undefined>; text: string };

const STATUSES = new Set([200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 428, 429]);
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";
/** RFC 7644 table 9 and RFC 9865 table 3. */
const SCIM_TYPES = new Set([
  ...[
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
  ],
  ...["invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount"],
]);
/** Words of PostgreSQL, of Node and of libraries: no error may speak them. */
const LEAKS =
  /node_modules|\bat .+:\d+:\d+|\.ts:\d|TypeError|RangeError|SyntaxError|Unexpected (token|end)|is not a function|undefined|\[object|pg_|violates|relation "|column "|constraint|SQLSTATE|invalid input|deadlock|\bknex\b|\bexpress\b|scimmy|\bzod\b|stack/i;

/** What is wrong with an answer, or nothing. */
export function problemsOf(request: FuzzRequest, answer: FuzzAnswer, world: World, marker: string): string[] {
  const problems: string[] = [];
  const { status, headers, text } = answer;
  const wrong = (problem: string): void => void problems.push(problem);
  if (!STATUSES.has(status) && !(status === 501 && request.path.includes("/Me"))) wrong(`status ${status}`);
  if (text.includes(marker)) wrong("something of another directory");
  if (world.token.length > 0 && text.includes(world.token)) wrong("the token");
  const bodiless = status === 204 || status === 304 || request.method === "HEAD";
  if (bodiless) {
    if (text !== "") wrong("a body where none may be");
    return problems;
  }
  if (!String(headers["content-type"]).startsWith("application/scim+json"))
    wrong(`content type ${headers["content-type"]}`);
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return [...problems, "a body that is no JSON"];
  }
  if (status >= 400) problems.push(...problemsOfError(status, headers, body));
  else problems.push(...problemsOfSuccess(headers, body, world));
  return problems;
}

function problemsOfError(status: number, headers: FuzzAnswer["headers"], body: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if (JSON.stringify(body.schemas) !== JSON.stringify([ERROR])) problems.push("schemas of an error");
  if (body.status !== String(status)) problems.push("status in the body");
  const detail = body.detail;
  if (typeof detail !== "string" || detail === "" || detail.length > 1_000) problems.push("detail");
  else if (LEAKS.test(detail)) problems.push("detail in other words than ours");
  if (body.scimType !== undefined && !SCIM_TYPES.has(String(body.scimType))) problems.push(`scimType ${body.scimType}`);
  if (Object.keys(body).some((key) => !["schemas", "status", "scimType", "detail"].includes(key)))
    problems.push("more in an error");
  if (status === 401 && !String(headers["www-authenticate"]).startsWith("Bearer ")) problems.push("no challenge");
  if (status === 405 && headers.allow === undefined) problems.push("no Allow");
  if (status === 429 && headers["retry-after"] === undefined) problems.push("no Retry-After");
  return problems;
}

function problemsOfSuccess(headers: FuzzAnswer["headers"], body: Record<string, unknown>, world: World): string[] {
  const problems: string[] = [];
  const { etag, location } = headers;
  if (etag !== undefined && !/^(W\/)?"[\x21\x23-\x7e]+"$/.test(String(etag))) problems.push(`ETag ${etag}`);
  if (location !== undefined && !new URL(String(location)).pathname.startsWith(`${world.base}/`))
    problems.push(`Location ${location}`);
  if (!Array.isArray(body.schemas) || body.schemas.length === 0) problems.push("no schemas");
  const meta = body.meta as { version?: string; location?: string } | undefined;
  if (etag !== undefined && meta?.version !== undefined && meta.version !== etag)
    problems.push("ETag and meta.version differ");
  if (Array.isArray(body.Resources)) {
    if (body.itemsPerPage !== body.Resources.length) problems.push("itemsPerPage");
    if (Number(body.totalResults) < body.Resources.length) problems.push("totalResults");
  }
  if (Array.isArray(body.Operations))
    for (const operation of body.Operations as { status?: string; response?: Record<string, unknown> }[]) {
      const status = Number(operation.status);
      if (!STATUSES.has(status)) problems.push(`status ${operation.status} of an operation`);
      else if (status >= 400)
        problems.push(
          ...problemsOfError(
            status,
            { "www-authenticate": "Bearer ", allow: "", "retry-after": "" },
            operation.response ?? {},
          ),
        );
    }
  return problems;
}
