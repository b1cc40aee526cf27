import { filterText, pathText, spoil } from "./filters.ts";
import { below, chance, json, NAMES, name, pick, type Random, several, text, URNS } from "./words.ts";

export type FuzzRequest = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
};

/** What requests may name; grows while answers come in. */
export type World = {
  base: string;
  token: string;
  /** Of another directory and of another organization: nothing of theirs may ever be seen. */
  foreign: { tokens: string[]; bases: string[]; ids: string[] };
  users: string[];
  groups: string[];
  gone: string[];
  cursors: string[];
  tags: string[];
};

let serial = 0;

function id(random: Random, world: World): string {
  const roll = below(random, 15);
  if (roll < 6 && world.users.length > 0) return pick(random, world.users);
  if (roll < 10 && world.groups.length > 0) return pick(random, world.groups);
  if (roll === 10 && world.gone.length > 0) return pick(random, world.gone);
  if (roll === 11) return pick(random, world.foreign.ids);
  if (roll === 12) return pick(random, ["bulkId:a", "bulkId:b", "01900000-0000-7000-8000-000000000000"]);
  return pick(random, [
    "1",
    "null",
    "__proto__",
    "%00",
    "%",
    "..",
    "%2e%2e",
    "%2f",
    "x".repeat(300),
    encode(text(random)),
  ]);
}

function endpoint(random: Random, world: World): string {
  const roll = below(random, 20);
  const kind = pick(random, ["/Users", "/Users", "/Groups"]);
  if (roll < 6) return kind;
  if (roll < 10 && world.users.length > 0) return `/Users/${pick(random, world.users)}`;
  if (roll < 12 && world.groups.length > 0) return `/Groups/${pick(random, world.groups)}`;
  if (roll <= 12) return `${kind}/${id(random, world)}`;
  if (roll === 13) return pick(random, ["/Me", "/Me/x", "/Bulk", "/.search", "/Users/.search", "/Groups/.search"]);
  if (roll === 14)
    return pick(random, [
      "/Schemas",
      "/ResourceTypes",
      "/ServiceProviderConfig",
      `/Schemas/${pick(random, URNS)}`,
      "/ResourceTypes/User",
    ]);
  if (roll === 15) return `${kind}/${id(random, world)}/${pick(random, ["members", "emails", ".search", "..", ""])}`;
  if (roll === 16)
    return pick(random, [
      "",
      "/",
      "//",
      "/users",
      "/USERS",
      "/Users/",
      "/Users;x",
      "/v2/Users",
      "/Devices",
      "/%55sers",
    ]);
  if (roll === 17) return `${kind}/.search`;
  return kind;
}

function parameters(random: Random, world: World): string {
  const parts: string[] = [];
  const add = (key: string, value: string | number) => parts.push(`${encode(key)}=${encode(String(value))}`);
  if (chance(random, 0.5)) add("filter", chance(random, 0.2) ? spoil(random, filterText(random)) : filterText(random));
  if (chance(random, 0.2)) add("sortBy", name(random));
  if (chance(random, 0.15)) add("sortOrder", pick(random, ["ascending", "descending", "DESCENDING", "up", ""]));
  if (chance(random, 0.2)) add("startIndex", pick(random, [0, 1, 2, -5, 1_000_000, "x", "1e3", "", "9".repeat(30)]));
  if (chance(random, 0.2)) add("count", pick(random, [0, 1, 3, -5, 1_000_000, "x", "1.5", "", "9".repeat(30)]));
  if (chance(random, 0.15)) add("cursor", cursor(random, world));
  if (chance(random, 0.15))
    add("attributes", several(random, 5, () => name(random)).join(pick(random, [",", ", ", ",,"])));
  if (chance(random, 0.15)) add("excludedAttributes", several(random, 5, () => name(random)).join(","));
  if (chance(random, 0.05))
    add(pick(random, ["__proto__", "constructor", "access_token", "aadOptscim062020", text(random)]), text(random));
  if (chance(random, 0.03) && parts[0] !== undefined) parts.push(parts[0]);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

function cursor(random: Random, world: World): string {
  if (chance(random, 0.4) || world.cursors.length === 0) return pick(random, ["", "x", text(random)]);
  const held = pick(random, world.cursors);
  return chance(random, 0.5) ? held : spoil(random, held);
}

/** Percent-encoded, but for what some clients leave as it is; half of a surrogate pair cannot be. */
function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll("%20", "+");
}

function reference(random: Random, world: World): unknown {
  const value = id(random, world);
  return pick<unknown>(random, [
    { value },
    { value, display: text(random) },
    value,
    { value, type: pick(random, ["User", "Group", "user", 1]) },
    { $ref: null, value },
    json(random),
  ]);
}

function userBody(random: Random, world: World): Record<string, unknown> {
  const body: Record<string, unknown> = {
    schemas: [URNS[0]],
    userName: chance(random, 0.7)
      ? `user-${++serial}`
      : chance(random, 0.5)
        ? `user-${1 + below(random, serial + 1)}`
        : json(random),
  };
  const add = (key: string, value: unknown, probability = 0.25) => {
    if (chance(random, probability)) body[key] = chance(random, 0.15) ? json(random) : value;
  };
  add("externalId", chance(random, 0.3) ? `e-${below(random, 50)}` : text(random));
  add("active", pick(random, [true, false, "True", "False", "x"]));
  add("name", { givenName: text(random), familyName: text(random) });
  add("displayName", text(random));
  add(
    "emails",
    several(random, 3, () => ({
      value: text(random),
      type: pick(random, ["work", "home"]),
      primary: chance(random, 0.3),
    })),
  );
  add(
    "addresses",
    several(random, 2, () => ({ locality: text(random), type: "work" })),
    0.1,
  );
  add("x509Certificates", [{ value: text(random) }], 0.1);
  add("roles", json(random), 0.1);
  add("groups", [reference(random, world)], 0.1);
  add("password", text(random), 0.1);
  add(
    URNS[2] as string,
    { department: text(random), manager: reference(random, world), employeeNumber: json(random) },
    0.2,
  );
  for (const key of several(random, 2, () => pick(random, NAMES))) add(key, json(random), 0.3);
  return body;
}

function groupBody(random: Random, world: World): Record<string, unknown> {
  return {
    schemas: [URNS[1]],
    displayName: chance(random, 0.8)
      ? `group-${chance(random, 0.9) ? ++serial : below(random, serial + 1)}`
      : json(random),
    ...(chance(random, 0.3) && { externalId: text(random) }),
    ...(chance(random, 0.5) && { members: several(random, 4, () => reference(random, world)) }),
  };
}

function patchBody(random: Random, world: World): Record<string, unknown> {
  const operation = () => ({
    op: pick(random, ["add", "remove", "replace", "Add", "Replace", "REMOVE", "move", 1]),
    ...(chance(random, 0.8) && { path: pathText(random) }),
    ...(chance(random, 0.8) && {
      value: pick<() => unknown>(random, [
        () => json(random),
        () => text(random),
        () => [reference(random, world)],
        () => userBody(random, world),
        () => [{ value: text(random), type: "work", primary: true }],
      ])(),
    }),
  });
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    Operations: chance(random, 0.05) ? json(random) : several(random, 4, operation),
  };
}

function bulkBody(random: Random, world: World): Record<string, unknown> {
  const operation = () => {
    const inner = request(random, world, 1);
    const path = inner.path.slice(world.base.length).split("?")[0];
    return {
      method: inner.method,
      path: chance(random, 0.1) ? json(random) : path,
      ...(chance(random, 0.8) && { bulkId: pick(random, ["a", "b", "c", "d", text(random)]) }),
      ...(chance(random, 0.2) && { version: pick(random, ['W/"1"', 'W/"x"', text(random), json(random)]) }),
      ...(chance(random, 0.9) && {
        data: pick<() => unknown>(random, [
          () => userBody(random, world),
          () => groupBody(random, world),
          () => patchBody(random, world),
          () => json(random),
        ])(),
      }),
    };
  };
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
    ...(chance(random, 0.3) && { failOnErrors: pick<unknown>(random, [0, 1, 2, -1, "x", 1.5, null]) }),
    Operations: chance(random, 0.05) ? json(random) : several(random, 8, operation),
  };
}

function searchBody(random: Random, world: World): Record<string, unknown> {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
    ...(chance(random, 0.6) && { filter: chance(random, 0.1) ? json(random) : filterText(random) }),
    ...(chance(random, 0.3) && { sortBy: chance(random, 0.1) ? json(random) : name(random) }),
    ...(chance(random, 0.3) && { count: pick<unknown>(random, [0, 1, 5, -1, "x", 1.5, null, 1e9]) }),
    ...(chance(random, 0.3) && { startIndex: pick<unknown>(random, [0, 1, 5, -1, "x", 1.5, null, 1e9]) }),
    ...(chance(random, 0.3) && { cursor: chance(random, 0.1) ? json(random) : cursor(random, world) }),
    ...(chance(random, 0.3) && {
      attributes: chance(random, 0.1) ? json(random) : several(random, 4, () => name(random)),
    }),
    ...(chance(random, 0.1) && { excludedAttributes: several(random, 4, () => name(random)) }),
  };
}

function headers(random: Random, world: World, hasBody: boolean): Record<string, string> {
  const result: Record<string, string> = {};
  if (chance(random, 0.97)) result.authorization = `Bearer ${world.token}`;
  else if (chance(random, 0.7))
    result.authorization = pick(random, [
      `Bearer ${pick(random, world.foreign.tokens)}`,
      `Basic ${world.token}`,
      "Bearer",
      `Bearer ${world.token}x`,
      "x".repeat(4_000),
    ]);
  if (hasBody && chance(random, 0.98))
    result["content-type"] = chance(random, 0.9)
      ? pick(random, ["application/scim+json", "application/json", "application/scim+json; charset=utf-8"])
      : pick(random, [
          "text/plain",
          "application/json; charset=utf-16",
          "application/x-www-form-urlencoded",
          ";",
          "*/*",
          "application/json; charset=",
        ]);
  if (chance(random, 0.2))
    result.accept = pick(random, [
      "application/scim+json",
      "application/json",
      "*/*",
      "text/html",
      "",
      ";q=x",
      "application/scim+json;q=0",
      "application/*",
    ]);
  if (chance(random, 0.1))
    result["if-match"] = pick(random, ["*", 'W/"1"', 'W/"99"', '"', "x", pick(random, [...world.tags, "W/"])]);
  if (chance(random, 0.1))
    result["if-none-match"] = pick(random, ["*", 'W/"1"', '"2"', ",", pick(random, [...world.tags, "x"])]);
  if (chance(random, 0.02)) result["content-encoding"] = pick(random, ["gzip", "br", "identity", "x"]);
  if (chance(random, 0.02))
    result[
      pick(random, [
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-http-method-override",
        "prefer",
        "range",
        "x-request-id",
      ])
    ] = pick(random, ["evil.example", "DELETE", "respond-async", "bytes=0-1", "x".repeat(500)]);
  return result;
}

/** A whole request by the grammar of the protocol. `depth` 1: one that stands inside a Bulk request. */
export function request(random: Random, world: World, depth = 0): FuzzRequest {
  const bodies = [userBody, groupBody, patchBody, searchBody, ...(depth === 0 ? [bulkBody] : [])];
  const target = depth === 0 && chance(random, 0.08) ? "/Bulk" : endpoint(random, world);
  const method = methodFor(random, target);
  const base =
    depth === 0 && chance(random, 0.02)
      ? pick(random, [...world.foreign.bases, "/scim/v2", "/scim/v1/x", "/scim"])
      : world.base;
  const query = method === "GET" || chance(random, 0.2) ? parameters(random, world) : "";
  const wantsBody = method === "POST" || method === "PUT" || method === "PATCH" || chance(random, 0.01);
  const body = wantsBody && depth === 0 ? JSON.stringify(fitting(random, world, target, method, bodies)) : null;
  return { method, path: base + target + query, headers: headers(random, world, body !== null), body };
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/** Mostly one that the path takes. */
function methodFor(random: Random, target: string): string {
  if (chance(random, 0.005)) return pick(random, ["OPTIONS", "TRACE", "PROPFIND", "SEARCH"]);
  if (chance(random, 0.08)) return pick(random, METHODS);
  if (target === "/Bulk" || target.endsWith(".search")) return "POST";
  if (target === "/Users" || target === "/Groups") return pick(random, ["GET", "GET", "POST", "POST", "HEAD"]);
  if (target.startsWith("/Users/") || target.startsWith("/Groups/"))
    return pick(random, ["GET", "PUT", "PUT", "PATCH", "PATCH", "PATCH", "PATCH", "DELETE", "HEAD"]);
  return "GET";
}

function fitting(
  random: Random,
  world: World,
  target: string,
  method: string,
  bodies: readonly ((random: Random, world: World) => Record<string, unknown>)[],
): unknown {
  if (chance(random, 0.04)) return json(random);
  if (chance(random, 0.06)) return pick(random, bodies)(random, world);
  if (target === "/Bulk") return bulkBody(random, world);
  if (target.endsWith(".search")) return searchBody(random, world);
  if (method === "PATCH") return patchBody(random, world);
  return target.startsWith("/Groups") ? groupBody(random, world) : userBody(random, world);
}
