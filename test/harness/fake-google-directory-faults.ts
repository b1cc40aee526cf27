import type { ServerResponse } from "node:http";

/** What goes wrong with one answer. `lists` are those that only a list can have. */
export const FAULTS = {
  answers: [
    "401",
    "403-forbidden",
    "403-rateLimitExceeded",
    "403-userRateLimitExceeded",
    "403-quotaExceeded",
    "403-dailyLimitExceeded",
    "403-insufficientPermissions",
    "403-accessNotConfigured",
    "403-domainCannotUseApis",
    "404",
    "412",
    "429",
    "429-retry-after",
    "429-retry-date",
    "500",
    "502-html",
    "503",
    "503-retry-after",
    "half-json",
    "hang",
    "drop",
    "drop-inside",
    "slow-drip",
    "wrong-content-type",
    "login-page",
    "redirect",
    "empty-object",
    "not-an-object",
  ],
  lists: ["no-next-page-token", "page-twice", "same-token", "item-twice", "endless-empty", "no-id"],
} as const;
export type Fault = (typeof FAULTS)["answers"][number] | (typeof FAULTS)["lists"][number];

/** After these another attempt can succeed. */
export const PASSING: readonly Fault[] = [
  "401",
  "403-rateLimitExceeded",
  "403-userRateLimitExceeded",
  "403-quotaExceeded",
  "429",
  "500",
  "502-html",
  "503",
  "half-json",
  "hang",
  "drop",
  "drop-inside",
  "slow-drip",
];

/** Seconds that a refusal with Retry-After wants. */
export const LONG_WAIT = 4000;

/** Sends what the fault makes of an answer; false when the fault leaves it as it is. */
export function sendFault(
  fault: Fault,
  response: ServerResponse,
  answer: Record<string, unknown>,
  token: { own: string | null; previous(): Record<string, unknown> | null },
): boolean {
  const [status, reason = ""] = fault.split("-");
  const whole = JSON.stringify(answer);
  switch (fault) {
    case "403-forbidden":
    case "403-rateLimitExceeded":
    case "403-userRateLimitExceeded":
    case "403-quotaExceeded":
    case "403-dailyLimitExceeded":
    case "403-insufficientPermissions":
    case "403-accessNotConfigured":
    case "403-domainCannotUseApis":
      return refuse(response, 403, reason);
    case "401":
      return refuse(response, 401, "authError");
    case "404":
      return refuse(response, 404, "notFound");
    case "412":
      return refuse(response, 412, "conditionNotMet");
    case "429":
      return refuse(response, 429, "rateLimitExceeded");
    case "429-retry-after":
      return refuse(response, 429, "rateLimitExceeded", { "retry-after": String(LONG_WAIT) });
    case "429-retry-date":
      return refuse(response, 429, "rateLimitExceeded", {
        "retry-after": new Date(Date.now() + LONG_WAIT * 1000).toUTCString(),
      });
    case "500":
    case "503":
      return refuse(response, Number(status), "backendError");
    case "503-retry-after":
      return refuse(response, 503, "backendError", { "retry-after": String(LONG_WAIT) });
    case "502-html":
      return send(response, 502, "text/html", "<html><title>502</title></html>");
    case "half-json":
      return send(response, 200, "application/json; charset=UTF-8", whole.slice(0, Math.floor(whole.length / 2)));
    case "hang":
      return true;
    case "drop":
      response.destroy();
      return true;
    case "drop-inside":
      response.writeHead(200, { "content-type": "application/json", "content-length": String(whole.length) });
      response.write(whole.slice(0, Math.floor(whole.length / 2)), () => response.destroy());
      return true;
    case "slow-drip":
      drip(response, whole);
      return true;
    case "wrong-content-type":
      return send(response, 200, "application/octet-stream", whole);
    case "login-page":
      return send(response, 200, "text/html", "<html><form>password</form></html>");
    case "redirect":
      response.setHeader("location", "/login");
      return send(response, 302, "text/html", "");
    case "empty-object":
      return send(response, 200, "application/json", "{}");
    case "not-an-object":
      return send(response, 200, "application/json", '"nothing"');
    default: {
      const changed = sendList(fault, answer, token);
      return changed === null ? false : send(response, 200, "application/json", JSON.stringify(changed));
    }
  }
}

function sendList(
  fault: Fault,
  answer: Record<string, unknown>,
  token: { own: string | null; previous(): Record<string, unknown> | null },
): Record<string, unknown> | null {
  const [name] = Object.keys(answer).filter((key) => Array.isArray(answer[key]));
  const items = name === undefined ? [] : (answer[name] as Record<string, unknown>[]);
  const { nextPageToken, ...rest } = answer;
  switch (fault) {
    case "no-next-page-token":
      return nextPageToken === undefined ? null : rest;
    case "page-twice": {
      const previous = token.previous();
      return previous === null ? null : { ...answer, ...(name === undefined ? {} : { [name]: previous[name] }) };
    }
    case "same-token":
      return token.own === null ? null : { ...answer, nextPageToken: token.own };
    case "item-twice":
      return name === undefined || items.length === 0 ? null : { ...answer, [name]: [...items, items[0]] };
    case "endless-empty":
      return { kind: answer.kind, nextPageToken: `empty-${Math.random()}` };
    case "no-id":
      return name === undefined || items.length === 0
        ? null
        : { ...answer, [name]: items.map(({ id: _, ...item }) => item) };
    default:
      return null;
  }
}

export function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Record<string, string> = {},
  message = `The call was refused: ${reason}`,
): true {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const error = { code: status, message, errors: [{ domain: "global", reason, message }] };
  return send(response, status, "application/json; charset=UTF-8", JSON.stringify({ error }));
}

export function send(response: ServerResponse, status: number, type: string, body: string | Buffer): true {
  if (!response.headersSent)
    response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
  return true;
}

/** One byte at a time, so that there is always something to read and never an end. */
function drip(response: ServerResponse, whole: string): void {
  response.writeHead(200, { "content-type": "application/json" });
  let at = 0;
  const timer = setInterval(() => {
    if (response.destroyed || at >= whole.length - 1) clearInterval(timer);
    else response.write(whole.slice(at, ++at));
  }, 20);
}
