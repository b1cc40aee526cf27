import { describe, expect, test } from "vitest";
import { type Answer, oneDirectory, patchOf, rawGet, scimServer, sender } from "../scim/endpoint.ts";
import {
  createUser,
  ERROR,
  expectError,
  fresh,
  groupBody,
  NOBODY,
  SEARCH_REQUEST,
  senderFor,
  userBody,
} from "./client.ts";

const server = await scimServer({ bodyBytes: 50_000 });
const directory = oneDirectory(server);

const SCIM_TYPES = [
  "invalidFilter",
  "tooMany",
  "uniqueness",
  "mutability",
  "invalidSyntax",
  "invalidPath",
  "noTarget",
  "invalidValue",
  "invalidVers",
  "sensitive",
  // RFC 9865 §2.1.
  "invalidCursor",
  "expiredCursor",
  "invalidCount",
];

/** One request for every status that this server answers with, as far as a client alone can bring it about. */
const ERRORS: [status: number, scimType: string | undefined, what: string, send: () => Promise<Answer>][] = [
  [400, "invalidFilter", "a filter that is none", () => directory.at.send("GET", "/Users?filter=x")],
  [
    400,
    "invalidFilter",
    "a filter that is none, by POST",
    () => directory.at.send("POST", "/Users/.search", { schemas: [SEARCH_REQUEST], filter: "x" }),
  ],
  [
    400,
    "invalidFilter",
    "a filter longer than any",
    () => directory.at.send("GET", `/Users?filter=userName%20eq%20%22${"x".repeat(5_000)}%22`),
  ],
  [400, "invalidSyntax", "a body that is no JSON", () => directory.at.send("POST", "/Users", "{")],
  [
    400,
    "invalidSyntax",
    "a PATCH without operations",
    async () => directory.at.send("PATCH", `/Users/${(await createUser(directory.at)).id}`, patchOf()),
  ],
  [400, "invalidPath", "a path that is none", () => patch({ op: "replace", path: "title[", value: "x" })],
  [400, "noTarget", "remove without a path", () => patch({ op: "remove" })],
  [
    400,
    "noTarget",
    "a path that selects nothing",
    () => patch({ op: "replace", path: 'emails[value sw "x"].display', value: "x" }),
  ],
  [400, "mutability", "a readOnly attribute", () => patch({ op: "replace", path: "id", value: "x" })],
  [400, "mutability", "the removal of a required attribute", () => patch({ op: "remove", path: "userName" })],
  [400, "invalidValue", "a value of the wrong kind", () => patch({ op: "replace", path: "active", value: {} })],
  [
    400,
    "invalidValue",
    "a required attribute that is missing",
    () => directory.at.send("POST", "/Users", userBody("")),
  ],
  [400, "invalidValue", "sortBy nothing", () => directory.at.send("GET", "/Users?sortBy=nothing")],
  [401, undefined, "no credentials", () => sender(directory.at.baseUrl, null)("GET", "/Users")],
  [401, undefined, "credentials that are none", () => sender(directory.at.baseUrl, "wrong")("GET", "/Users")],
  [403, undefined, "a filter on discovery", () => directory.at.send("GET", "/Schemas?filter=id%20pr")],
  [
    403,
    undefined,
    "a token that may not",
    async () => (await senderFor(server, directory.at, { scopes: ["users:read"] }))("GET", "/Groups"),
  ],
  [404, undefined, "a resource that does not exist", () => directory.at.send("GET", `/Users/${NOBODY}`)],
  [404, undefined, "an endpoint that does not exist", () => directory.at.send("GET", "/Devices")],
  [405, undefined, "a method that the endpoint does not take", () => directory.at.send("DELETE", "/Users")],
  [405, undefined, "a method that HTTP knows and SCIM does not", () => directory.at.send("OPTIONS", "/Users")],
  [
    406,
    undefined,
    "a format that is not offered",
    () => directory.at.send("GET", "/Users", undefined, { accept: "text/html" }),
  ],
  [
    409,
    "uniqueness",
    "a user name that is taken",
    async () => directory.at.send("POST", "/Users", userBody(String((await createUser(directory.at)).userName))),
  ],
  [
    412,
    undefined,
    "a version that is not the latest",
    async () =>
      directory.at.send("DELETE", `/Users/${(await createUser(directory.at)).id}`, undefined, {
        "if-match": 'W/"other"',
      }),
  ],
  [
    413,
    undefined,
    "a body larger than the server takes",
    () => directory.at.send("POST", "/Users", userBody("x".repeat(60_000))),
  ],
  [
    415,
    undefined,
    "a body of another type",
    () => directory.at.send("POST", "/Users", "x", { "content-type": "text/plain" }),
  ],
  [
    415,
    undefined,
    "a compressed body",
    () => directory.at.send("POST", "/Users", "{}", { "content-encoding": "gzip" }),
  ],
];

async function patch(operation: unknown): Promise<Answer> {
  const { id } = await createUser(directory.at, { emails: [{ value: "work@example.com" }] });
  return directory.at.send("PATCH", `/Users/${id}`, patchOf(operation));
}

describe("RFC 7644 §3.12: errors", () => {
  test.each(ERRORS)("RFC 7644 §3.12: %i %s for %s", async (status, scimType, _what, send) => {
    const answer = await send();
    expectError(answer, status, scimType);
    expect(
      Object.keys(answer.body as object).every((key) => ["schemas", "status", "scimType", "detail"].includes(key)),
    ).toBe(true);
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status) });
    const given = (answer.body as { scimType?: string }).scimType;
    if (given !== undefined) expect(SCIM_TYPES).toContain(given);
    expect(answer.text).not.toMatch(/\bat .*:\d+:\d+|node_modules|\bselect\b.*\bfrom\b|syntax error at/i);
  });

  test("RFC 7644 §3.12: HEAD has the status without a body", async () => {
    for (const [path, status] of [
      [`/Users/${NOBODY}`, 404],
      ["/Users?filter=x", 400],
      ["/Users?sortBy=nothing", 400],
    ] as const) {
      const answer = await directory.at.send("HEAD", path);
      expect([answer.status, answer.text]).toEqual([status, ""]);
    }
  });

  test("RFC 7644 §3.12: a user name taken by somebody in another case is 409 in POST, PUT and PATCH", async () => {
    const taken = String((await createUser(directory.at)).userName).toUpperCase();
    const { id } = await createUser(directory.at);
    for (const answer of [
      await directory.at.send("POST", "/Users", userBody(taken)),
      await directory.at.send("PUT", `/Users/${id}`, userBody(taken)),
      await directory.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "userName", value: taken })),
    ])
      expectError(answer, 409, "uniqueness");
  });

  test("RFC 7644 §3.12: a group that is refused is told in the same way", async () => {
    expectError(await directory.at.send("POST", "/Groups", groupBody("")), 400, "invalidValue");
    expectError(
      await directory.at.send("POST", "/Groups", groupBody(fresh("group"), { members: "x" })),
      400,
      "invalidValue",
    );
  });

  test("RFC 7644 §3.12: what cannot be decoded, and what lies outside every directory, is told in SCIM too", async () => {
    for (const path of [
      "/scim/v2/%",
      "/scim/v2/%zz/Users",
      "/scim/",
      "/scim/v2",
      "/scim/v1/x/Users",
      "/scim/v2/x/Users",
    ]) {
      const { status, text } = await rawGet(server.origin, path);
      expect([400, 401, 404]).toContain(status);
      expect(JSON.parse(text)).toMatchObject({ schemas: [ERROR], status: String(status) });
    }
  });
});
