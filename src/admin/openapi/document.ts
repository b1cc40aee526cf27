import { SESSION_COOKIE } from "../../http/session-cookie.ts";
import type { Route } from "../route.ts";
import { type Answer, answersOf, HEADERS, type Header, problemAnswers, type Reference } from "./answers.ts";
import { type Parameter, parametersOf } from "./parameters.ts";
import { makeSchemas, type Schema, type Schemas } from "./schemas.ts";

/** One route as the document has it. */
export type OperationObject = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security?: Record<string, string[]>[];
  /** The permission that it needs; null where any caller, or nobody in particular, will do. */
  "x-permission": string | null;
  parameters?: Parameter[];
  requestBody?: { required: true; content: Record<string, { schema: Schema }> };
  responses: Record<string, Answer | Reference>;
};

/** An OpenAPI 3.1 document. */
export type OpenApi = {
  openapi: string;
  info: { title: string; version: string; summary: string; description: string };
  servers: { url: string }[];
  security: Record<string, string[]>[];
  tags: { name: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Answer>;
    headers: Record<string, Header>;
    securitySchemes: Record<string, Schema>;
  };
};

const DESCRIPTION = `Everything that Muster knows and does. The token or the session decides the organization.

Lists come in pages: ask again with \`cursor\` set to \`page.next\` until that is null. Times are RFC 3339 in UTC, ids are
UUIDs. Failures are problem documents (RFC 9457) with a stable \`code\`; \`errors\` says what is wrong where. Every change
takes \`dryRun=true\`. Fields and codes may be added; what is here stays.`;

/** The document of these routes, always in the same order. @param url of the API, as its callers know it. */
export function openApiDocument(routes: readonly Route[], url: string): OpenApi {
  const schemas = makeSchemas();
  const responses = problemAnswers(schemas);
  const sorted = [...routes].sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
  const paths = Object.fromEntries(
    [...Map.groupBy(sorted, (route) => route.path)].map(([path, siblings]) => [
      path,
      Object.fromEntries(siblings.map((route) => [route.method.toLowerCase(), operationOf(schemas, route)])),
    ]),
  );
  return {
    openapi: "3.1.1",
    info: {
      title: "Muster",
      version: "1",
      summary: "The administration API",
      description: DESCRIPTION,
    },
    servers: [{ url }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(sorted.map(tagOf))].sort(compare).map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.named(),
      responses,
      headers: HEADERS,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A token, as `muster token create` prints it once." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: SESSION_COOKIE,
          description: "The session of somebody who has signed in to the console.",
        },
      },
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tagOf({ id }: Route): string {
  return id.split(".")[0] ?? id;
}

function operationOf(schemas: Schemas, route: Route): OperationObject {
  const parameters = parametersOf(schemas, route);
  return {
    operationId: route.id,
    summary: route.summary,
    description: needs(route),
    tags: [tagOf(route)],
    ...(route.guard === "anyone" && { security: [] }),
    "x-permission": typeof route.guard === "string" ? null : route.guard.permission,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: schemas.taken(route.body) },
          ...(route.csv && { "text/csv": { schema: { type: "string" } } }),
        },
      },
    }),
    responses: answersOf(schemas, route),
  };
}

/** Who may, in a sentence or two. */
function needs({ guard, dangerous }: Route): string {
  const fresh = dangerous ? " A session must have proved shortly before who it is (`session.reauthenticate`)." : "";
  return allowed(guard) + fresh;
}

function allowed(guard: Route["guard"]): string {
  if (guard === "anyone") return "Open to anyone.";
  if (guard === "known") return "Needs any live token or session.";
  const { permission, on, anywhere } = guard;
  if (anywhere)
    return `Needs the permission \`${permission}\` for anything; only what the caller's rights reach counts.`;
  if (on) return `Needs the permission \`${permission}\` for what the request is about.`;
  return `Needs the permission \`${permission}\` for the whole organization.`;
}
