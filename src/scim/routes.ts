import { MusterError } from "../errors.ts";
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from "./discovery.ts";
import { notFound } from "./errors.ts";
import type { Perform } from "./exchange.ts";
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup, replaceGroup } from "./groups.ts";
import { createUser, deleteUser, getUser, listUsers, patchUser, replaceUser } from "./users.ts";

/** The methods that any path takes; HEAD is GET without the body. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/** `scope` is what a token needs; null: any token of the directory will do. */
export type Operation = { perform: Perform; scope: string | null; readsBody: boolean };

type Route = Readonly<Partial<Record<Method, Operation>>>;

/** A path that this server has, with what it takes. */
export type Found = { route: Route; id: string };

const reads = (scope: string | null, perform: Perform): Operation => ({ perform, scope, readsBody: false });
const writes = (scope: string | null, perform: Perform): Operation => ({ perform, scope, readsBody: true });

const notOffered: Route = Object.fromEntries(
  METHODS.map((method) => [
    method,
    reads(null, () => {
      throw new MusterError("not-implemented", "this server does not offer this endpoint");
    }),
  ]),
);

/** A collection and its members: `/Users` and `/Users/{id}`. */
type Endpoint = { all: Route; one?: Route };

/** Every endpoint of RFC 7644 §3.2, by its first segment in lower case. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    "users",
    {
      all: { GET: reads("users:read", listUsers), POST: writes("users:write", createUser) },
      one: {
        GET: reads("users:read", getUser),
        PUT: writes("users:write", replaceUser),
        PATCH: writes("users:write", patchUser),
        DELETE: reads("users:write", deleteUser),
      },
    },
  ],
  [
    "groups",
    {
      all: { GET: reads("groups:read", listGroups), POST: writes("groups:write", createGroup) },
      one: {
        GET: reads("groups:read", getGroup),
        PUT: writes("groups:write", replaceGroup),
        PATCH: writes("groups:write", patchGroup),
        DELETE: reads("groups:write", deleteGroup),
      },
    },
  ],
  ["serviceproviderconfig", { all: { GET: reads(null, serviceProviderConfig) } }],
  ["resourcetypes", { all: { GET: reads(null, resourceTypes) }, one: { GET: reads(null, resourceType) } }],
  ["schemas", { all: { GET: reads(null, schemas) }, one: { GET: reads(null, schema) } }],
  ["me", { all: notOffered }],
  ["bulk", { all: notOffered }],
  [".search", { all: notOffered }],
]);

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
  const route = id === undefined ? endpoint?.all : endpoint?.one;
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
