import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll } from "vitest";
import type { Context } from "../../src/context.ts";
import { type DirectoryId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { requestId } from "../../src/http/request-id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { scimRouter } from "../../src/scim/router.ts";
import { testContext } from "../harness/postgres.ts";

/** `id` and `resources` are those of the body, empty where it has none. */
export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
  id: string;
  resources: Record<string, unknown>[];
};

/** One SCIM directory as an identity provider sees it. */
export type Endpoint = {
  baseUrl: string;
  token: string;
  organization: OrganizationId;
  directory: DirectoryId;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
};

export type ScimServer = Awaited<ReturnType<typeof serveScim>>;

/** The door alone on a loopback port, over a database of this file's own. Call it while the file is collected. */
export async function scimServer(limits: { bodyBytes?: number } = {}): Promise<ScimServer> {
  const ctx = await testContext();
  Object.assign(ctx.config.limits, limits);
  return serveScim(ctx);
}

/** The door alone on a loopback port, over any database. */
export async function serveScim(ctx: Context) {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.use(requestId);
  app.use("/scim", scimRouter(ctx));
  const server: Server = createServer(app);
  // As Muster's own: a connection that the client keeps must not end while a long test computes.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ctx.config.publicUrl = origin;
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  let organizations = 0;
  return {
    ctx,
    origin,
    async organization(): Promise<OrganizationId> {
      const organization = newId<OrganizationId>();
      await inTransaction(ctx, system(organization), (tx) => createOrganization(tx, { key: `org-${++organizations}` }));
      return organization;
    },
    async directory(organization: OrganizationId, name = "okta"): Promise<Endpoint> {
      const made = await inTransaction(ctx, system(organization), async (tx) => {
        const directory = await addDirectory(tx, { name, kind: "scim" });
        return { directory: directory.id, token: (await createToken(tx, { directory: directory.id })).token };
      });
      const baseUrl = `${origin}/scim/v2/${made.directory}`;
      return { ...made, organization, baseUrl, send: sender(baseUrl, made.token) };
    },
  };
}

/** A directory of an organization of its own, made before the file's first test. */
export function oneDirectory(server: ScimServer): { readonly at: Endpoint } {
  let endpoint: Endpoint | undefined;
  beforeAll(async () => {
    endpoint = await server.directory(await server.organization());
  });
  return {
    get at() {
      if (!endpoint) throw new Error("the directory is made in beforeAll");
      return endpoint;
    },
  };
}

export function system(organization: OrganizationId): Actor {
  return { organization, kind: "system", id: null, requestId: null };
}

export function sender(baseUrl: string, token: string | null): Endpoint["send"] {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/scim+json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === "" ? {} : JSON.parse(text)) as { id?: string; Resources?: Record<string, unknown>[] };
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: parsed,
      id: parsed.id ?? "",
      resources: parsed.Resources ?? [],
    };
  };
}

/** As `fetch`, but with the path exactly as it is given: `fetch` would tidy it up first. */
export function rawGet(origin: string, path: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method: "GET" }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject);
    request.end();
  });
}

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
export const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

export function patchOf(...operations: unknown[]) {
  return { schemas: [PATCH], Operations: operations };
}

export function userOf(userName: string, more: Record<string, unknown> = {}) {
  return { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName, active: true, ...more };
}
