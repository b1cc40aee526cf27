import { beforeAll, describe, expect } from "vitest";
import type { DirectoryUserId, OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import type { Scope } from "../../src/identity/scopes.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { type Answer, ENTERPRISE, type Endpoint, type ScimServer, sender, system } from "../scim/endpoint.ts";

/** Requests and answers in the RFCs' own words. Of Muster's code only what makes directories and tokens is used. */

export const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
export const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const MESSAGE = "urn:ietf:params:scim:api:messages:2.0";
export const LIST_RESPONSE = `${MESSAGE}:ListResponse`;
export const SEARCH_REQUEST = `${MESSAGE}:SearchRequest`;
export const BULK_REQUEST = `${MESSAGE}:BulkRequest`;
export const BULK_RESPONSE = `${MESSAGE}:BulkResponse`;
export const ERROR = `${MESSAGE}:Error`;

/** An id of the right form that nobody has. */
export const NOBODY = "01900000-0000-7000-8000-000000000000";

export type Resource = Record<string, unknown> & { id: string; meta: Record<string, string> };
type Given = Record<string, unknown>;

/** A User as a client sends it, with the schemas that its attributes belong to. */
export function userBody(userName: string, more: Given = {}): Given {
  return { schemas: [USER, ...(more[ENTERPRISE] === undefined ? [] : [ENTERPRISE])], userName, ...more };
}

export function groupBody(displayName: string, more: Given = {}): Given {
  return { schemas: [GROUP], displayName, ...more };
}

let number = 0;

/** A name that nothing in this file's directories has yet. */
export function fresh(prefix = "person"): string {
  return `${prefix}-${++number}`;
}

/** Creates a resource and gives it as the server shows it. */
export async function create(at: Endpoint, path: string, body: Given): Promise<Resource> {
  const answer = await at.send("POST", path, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Resource;
}

export async function createUser(at: Endpoint, more: Given = {}): Promise<Resource> {
  return create(at, "/Users", userBody(fresh(), more));
}

export async function createGroup(at: Endpoint, members: readonly string[] = [], more: Given = {}): Promise<Resource> {
  const listed = members.length === 0 ? {} : { members: members.map((value) => ({ value })) };
  return create(at, "/Groups", groupBody(fresh("group"), { ...listed, ...more }));
}

/** A resource as it stands, whole. */
export async function read(at: Endpoint, path: string): Promise<Resource> {
  const answer = await at.send("GET", path);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as Resource;
}

/** A path with query parameters, percent-encoded as RFC 3986 wants it (RFC 7644 §1.2). */
export function query(path: string, parameters: Record<string, string | number>): string {
  const text = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return text.length === 0 ? path : `${path}?${text.join("&")}`;
}

export async function list(at: Endpoint, path: string, parameters: Record<string, string | number>): Promise<Answer> {
  const answer = await at.send("GET", query(path, parameters));
  expect(answer.status, answer.text).toBe(200);
  return answer;
}

/** An error as RFC 7644 §3.12 has it: the status twice, a SCIM body, a text for people. */
export function expectError(answer: Answer, status: number, scimType?: string | readonly string[]): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
  expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status), detail: expect.stringMatching(/./) });
  const given = (answer.body as { scimType?: string }).scimType;
  if (typeof scimType === "string") expect(given, answer.text).toBe(scimType);
  else if (scimType !== undefined) expect(scimType, answer.text).toContain(given);
}

/** A directory whose requests are read as a profile has it. */
export async function directoryOf(
  server: ScimServer,
  organization: OrganizationId,
  profile: Profile,
  name = fresh("directory"),
): Promise<Endpoint> {
  const made = await inTransaction(server.ctx, system(organization), async (tx) => {
    const directory = await addDirectory(tx, { name, kind: "scim", profile });
    return { directory: directory.id, token: (await createToken(tx, { directory: directory.id })).token };
  });
  const baseUrl = `${server.origin}/scim/v2/${made.directory}`;
  return { ...made, organization, baseUrl, send: sender(baseUrl, made.token) };
}

export type Profile = "generic" | "strict";

/**
 * The same clauses for the profile that every directory starts with and for the one that takes nothing but the RFC's letter.
 * Where only one of them can hold (a tolerance that identity providers need), the test says so by `profile`.
 */
export function inProfiles(
  server: ScimServer,
  clauses: (directory: { readonly at: Endpoint }, profile: Profile) => void,
): void {
  describe.each(["generic", "strict"] as const)("profile %s", (profile) => {
    let endpoint: Endpoint | undefined;
    beforeAll(async () => {
      endpoint = await directoryOf(server, await server.organization(), profile);
    });
    const directory = {
      get at(): Endpoint {
        if (!endpoint) throw new Error("the directory is made in beforeAll");
        return endpoint;
      },
    };
    clauses(directory, profile);
  });
}

/** Sends with another token of the same directory: of a person, or one that may do less, or for less long. */
export async function senderFor(
  server: ScimServer,
  at: Endpoint,
  holder: { subject?: string; scopes?: readonly Scope[] },
): Promise<Endpoint["send"]> {
  const { subject, scopes = null } = holder;
  const { token } = await inTransaction(server.ctx, system(at.organization), (tx) =>
    createToken(tx, { directory: at.directory }, undefined, {
      scopes,
      ...(subject === undefined ? {} : { subject: subject as DirectoryUserId }),
    }),
  );
  return sender(at.baseUrl, token);
}
