import { OPERATIONS, type Operations, type Problem as ProblemDocument } from "./operations.gen.ts";

export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]["answer"];
/** One row of a list's answer. */
export type Row<O extends Operation> = Answer<O> extends { data: (infer One)[] } ? One : never;

type Part<Name extends string, Value> = [Value] extends [null]
  ? unknown
  : Record<string, never> extends Value
    ? { [name in Name]?: Value }
    : { [name in Name]: Value };

/** What an operation takes: its path's parameters, its query's and its body. */
export type Asked<O extends Operation> = object &
  Part<"params", Operations[O]["params"]> &
  Part<"query", Operations[O]["query"]> &
  Part<"body", Operations[O]["body"]>;

/** What a change would do: the answer to the same request with `dryRun=true`. */
export type Trial<O extends Operation> = {
  dryRun: true;
  status: number;
  result: Answer<O>;
  changes: import("./operations.gen.ts").WouldChange[];
  impact: import("./operations.gen.ts").Impact;
};

/** A refusal of the API, or that it could not be reached (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly document: Partial<ProblemDocument>;
  /** Seconds after which it is worth while to ask again. */
  readonly retryAfter: number | null;

  constructor(status: number, document: Partial<ProblemDocument>, retryAfter: number | null = null) {
    super(document.detail ?? document.title ?? "");
    this.status = status;
    this.code = document.code ?? "unreachable";
    this.document = document;
    this.retryAfter = retryAfter;
  }
}

/** What the session gives to every change, and what is done when it has ended or must prove itself anew. */
export const session = {
  csrfToken: "",
  ended: (): void => {},
  /** Asks the person to prove who they are. False: they would not. */
  proveAnew: async (): Promise<boolean> => false,
};

export type Beside = { signal?: AbortSignal; ifMatch?: string; idempotencyKey?: string };

/** The URL of an operation, as a browser and `curl` take it. */
export function urlOf<O extends Operation>(operation: O, asked: Asked<O>): string {
  const { params = {}, query = {} } = asked as { params?: Record<string, unknown>; query?: Record<string, unknown> };
  const [, path] = OPERATIONS[operation];
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  return `/api/v1${filled}${search.size > 0 ? `?${search}` : ""}`;
}

/** Asks the API. @throws Problem */
export async function call<O extends Operation>(
  operation: O,
  asked: Asked<O>,
  beside: Beside = {},
): Promise<Answer<O>> {
  return (await ask(operation, asked, beside)) as Answer<O>;
}

/** What a change would do, without doing it. @throws Problem */
export async function tryOut<O extends Operation>(
  operation: O,
  asked: Asked<O>,
  beside: Beside = {},
): Promise<Trial<O>> {
  const { query } = asked as { query?: object };
  return (await ask(operation, { ...asked, query: { ...query, dryRun: true } }, beside)) as Trial<O>;
}

/** The same without the types of the operation. @throws Problem */
export async function ask(operation: Operation, asked: object, beside: Beside, again = false): Promise<unknown> {
  const [method] = OPERATIONS[operation];
  const { body } = asked as { body?: unknown };
  const response = await fetch(urlOf(operation, asked as never), {
    method,
    signal: beside.signal ?? null,
    headers: {
      accept: "application/json",
      ...(method !== "GET" && { "x-csrf-token": session.csrfToken }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(beside.ifMatch !== undefined && { "if-match": beside.ifMatch }),
      ...(beside.idempotencyKey !== undefined && { "idempotency-key": beside.idempotencyKey }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: Error) => {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: error.message });
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const document = (await response.json().catch(() => ({}))) as Partial<ProblemDocument>;
  const retryAfter = response.headers.get("retry-after");
  const problem = new Problem(response.status, document, retryAfter === null ? null : Number(retryAfter));
  if (problem.code === "reauthentication-required" && !again && (await session.proveAnew()))
    return ask(operation, asked, beside, true);
  if (problem.status === 401 && problem.code === "unauthenticated" && !operation.startsWith("session."))
    session.ended();
  throw problem;
}
