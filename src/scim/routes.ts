import { MusterError } from "../errors.ts";
import type { Scope } from "../identity/scopes.ts";
import { bulk } from "./bulk/bulk.ts";
import type { Caller } from "./caller.ts";
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from "./discovery.ts";
import { notFound } from "./errors.ts";
import type { Perform, ScimRequest } from "./exchange.ts";
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup, replaceGroup } from "./groups.ts";
import { rememberingHeld } from "./held.ts";
import { me } from "./me.ts";
import { listBoth, search } from "./search.ts";
import { createUser, deleteUser, getUser, listUsers, patchUser, replaceUser } from "./users.ts";

/** The methods that any path takes; HEAD is GET without the body. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
type Method = (typeof METHODS)[number];

/** A token needs one of each list of `scopes`. */
export type Operation = { perform: Perform; scopes: readonly (readonly Scope[])[]; readsBody: boolean };

type Route = Readonly<Partial<Record<Method, Operation>>>;

/** A path that this server has, with what it takes. */
export type Found = { route: Route; id: string };

/** With any one of these scopes; without any, every token of the directory will do. */
const reads = (perform: Perform, ...scopes: Scope[]): Operation => ({
  perform,
  scopes: scopes.length === 0 ? [] : [scopes],
  readsBody: false,
});
const deletes = (perform: Perform, ...scopes: Scope[]): Operation => reads(rememberingHeld(perform), ...scopes);
const writes = (perform: Perform, ...scopes: Scope[]): Operation => ({
  ...deletes(perform, ...scopes),
  readsBody: true,
});
const root = (perform: Perform): Operation => ({
  perform,
  scopes: [["users:read"], ["groups:read"]],
  readsBody: false,
});

/** RFC 7644 §3.4.3. */
const SEARCH = ".search";

/** A collection and its members: `/Users` and `/Users/{id}`. */
type Endpoint = { all: Route; one?: Route; search?: Route };

/** Every endpoint of RFC 7644 §3.2, by its first segment in lower case. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    "users",
    {
      all: { GET: reads(listUsers, "users:read"), POST: writes(createUser, "users:write") },
      one: {
        GET: reads(getUser, "users:read"),
        PUT: writes(replaceUser, "users:write"),
        PATCH: writes(patchUser, "users:write"),
        DELETE: deletes(deleteUser, "users:write"),
      },
      search: { POST: writes(search(listUsers), "users:read") },
    },
  ],
  [
    "groups",
    {
      all: { GET: reads(listGroups, "groups:read"), POST: writes(createGroup, "groups:write") },
      one: {
        GET: reads(getGroup, "groups:read"),
        PUT: writes(replaceGroup, "groups:write"),
        PATCH: writes(patchGroup, "groups:write"),
        DELETE: deletes(deleteGroup, "groups:write"),
      },
      search: { POST: writes(search(listGroups), "groups:read") },
    },
  ],
  ["serviceproviderconfig", { all: { GET: reads(serviceProviderConfig) } }],
  ["resourcetypes", { all: { GET: reads(resourceTypes) }, one: { GET: reads(resourceType) } }],
  ["schemas", { all: { GET: reads(schemas) }, one: { GET: reads(schema) } }],
  [
    "me",
    {
      all: {
        GET: reads(me(getUser), "users:read", "me"),
        PUT: writes(me(replaceUser), "users:write"),
        PATCH: writes(me(patchUser), "users:write"),
        DELETE: deletes(me(deleteUser), "users:write"),
      },
    },
  ],
  ["", { all: { GET: root(listBoth) } }],
  [SEARCH, { all: { POST: { ...root(search(listBoth)), readsBody: true } } }],
  ["bulk", { all: { POST: writes(bulk(findInside)) } }],
]);

/** What an operation of a Bulk request may be: one on users or groups, with the rights of the request. */
function findInside(request: ScimRequest, method: string, path: string): { perform: Perform; id: string } {
  const found = findRoute(path);
  const isInside = /^\/(users|groups)(\/|$)/i.test(path) && found.id !== SEARCH;
  const operation = isInside ? operationOf(found, method) : undefined;
  if (operation === undefined)
    throw new MusterError("invalid-path", `a Bulk request cannot hold ${method} of this path`, { at: "path" });
  const missing = missingScope(request.caller, operation);
  if (missing !== undefined) throw new MusterError("not-allowed", `this token lacks the scope ${missing}`);
  return { perform: operation.perform, id: found.id };
}

/** The scope that the token would need and has not. */
export function missingScope({ scopes }: Caller, operation: Operation): Scope | undefined {
  if (scopes === null) return undefined;
  return operation.scopes.find((anyOf) => !anyOf.some((scope) => scopes.includes(scope)))?.[0];
}

/**
 * The endpoint that a path below the directory's base URL names, without its query.
 * @throws MusterError `not-found`, with the text that an unknown resource has.
 */
export function findRoute(path: string): Found {
  const segments = path.split("/", 5);
  // A final slash names the same thing.
  if (segments.length > 2 && segments.at(-1) === "") segments.pop();
  const [, collection = "", id, ...rest] = segments;
  const endpoint = rest.length === 0 ? ENDPOINTS.get(collection.toLowerCase()) : undefined;
  const route = id === undefined ? endpoint?.all : id === SEARCH ? endpoint?.search : endpoint?.one;
  if (route === undefined) throw notFound();
  return { route, id: id === undefined ? "" : decoded(id) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw notFound();
  }
}

/** @throws MusterError `method-not-allowed`; `allowed` says what the path would take (RFC 7231 §6.5.5). */
export function operationOf(found: Found, method: string): Operation | undefined {
  const name = method === "HEAD" ? "GET" : method;
  return Object.hasOwn(found.route, name) ? found.route[name as Method] : undefined;
}

/** The methods of a path, as the Allow header lists them. */
export function allowed(found: Found): string {
  return METHODS.filter((method) => Object.hasOwn(found.route, method))
    .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
    .join(", ");
}
