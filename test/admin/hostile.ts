import { expect, it } from "vitest";
import type { z } from "zod";
import type { Route } from "../../src/admin/route.ts";
import { routes } from "../../src/admin/routes.ts";
import { newId } from "../../src/db/id.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { silent } from "../sync/world.ts";
import { type HostileValue, hostileValues } from "./hostile-values.ts";
import { type Fixture, validRequests } from "./requests.ts";
import { type Answer, type Api, apiServer, makeCompany } from "./world.ts";

type Step = string | number;
export type Place = {
  in: "path" | "query" | "body";
  steps: readonly Step[];
  /** Of a field that takes a few words only: these. One of them is no fault of the field. */
  words: readonly unknown[];
};
type Field = Pick<Place, "steps" | "words">;

/** What a schema takes, without what is said around it. */
function bare(schema: z.core.$ZodType): z.core.$ZodTypes {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "pipe") return bare(def.in);
  return "innerType" in def ? bare(def.innerType as z.core.$ZodType) : (schema as z.core.$ZodTypes);
}

/** Every field of a schema, in all its forms, those that hold others included. */
function fieldsOf(schema: z.core.$ZodType, steps: readonly Step[] = []): Field[] {
  const { def } = bare(schema)._zod;
  const below = () => {
    if (def.type === "object")
      return Object.entries(def.shape).flatMap(([name, inner]) => fieldsOf(inner, [...steps, name]));
    if (def.type === "array") return fieldsOf(def.element, [...steps, 0]);
    if (def.type === "union") return def.options.flatMap((option) => fieldsOf(option, steps).slice(1));
    if (def.type === "record") return fieldsOf(def.valueType, [...steps, "any"]);
    return [];
  };
  const all = [{ steps, words: wordsOf(schema) }, ...below()];
  return [...Map.groupBy(all, (field) => JSON.stringify(field.steps)).values()].map((same) => ({
    steps: same[0]?.steps ?? [],
    words: same.flatMap(({ words }) => words),
  }));
}

function wordsOf(schema: z.core.$ZodType): readonly unknown[] {
  const { def } = bare(schema)._zod;
  if (def.type === "enum") return Object.values(def.entries);
  if (def.type === "literal") return def.values;
  return def.type === "boolean" ? [true, false] : [];
}

export function placesOf(route: Route): Place[] {
  const of = (part: Place["in"], schema: z.core.$ZodType | undefined) =>
    schema === undefined ? [] : fieldsOf(schema).map((field) => ({ in: part, ...field }));
  return [
    ...of("path", route.params).filter(({ steps }) => steps.length > 0),
    ...of("query", route.query).filter(({ steps }) => steps.length > 0),
    ...(route.method === "GET" ? [] : [{ in: "query", steps: ["dryRun"], words: ["true", "false"] } as const]),
    ...of("body", route.body),
  ];
}

/** What no JSON text can be, so that it is found again in the text of the body. */
const MARK = "\u0001the hostile value\u0001";

export function withValue(body: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  if (typeof step === "number") return [withValue(Array.isArray(body) ? body[step] : undefined, rest, value)];
  const fields = typeof body === "object" && body !== null ? body : {};
  return { ...fields, [step]: withValue((fields as Record<string, unknown>)[step], rest, value) };
}

/** More than any parameter may have, and less than HTTP servers take in an address. */
const LONGEST = 8_000;

/** A value as it stands in an address: its bytes, those of half a character included. */
function inAddress({ json }: HostileValue): string {
  const parsed: unknown = JSON.parse(json);
  const written = [...(typeof parsed === "string" ? parsed : json).slice(0, LONGEST)]
    .map((character) => (character.isWellFormed() ? encodeURIComponent(character) : "%ED%A0%80"))
    .join("")
    .replaceAll(/^\.+$/g, (dots) => "%2E".repeat(dots.length));
  return written.length > LONGEST ? written.slice(0, written.lastIndexOf("%", LONGEST)) : written;
}

async function send(
  api: Api,
  token: string,
  route: Route,
  fixture: Fixture,
  place: Place,
  value: HostileValue,
): Promise<Answer> {
  const written = inAddress(value);
  const [name = ""] = place.steps;
  const placed = route.path.split("/");
  const [steps = "", query = ""] = fixture.path.split("?");
  const path = steps
    .split("/")
    .map((step, at) => (place.in === "path" && placed[at] === `{${name}}` ? written : step))
    .join("/");
  const parameters = [
    ...query.split("&").filter((one) => one !== "" && !(place.in === "query" && one.startsWith(`${name}=`))),
    ...(place.in === "query" ? [`${name}=${written}`] : []),
    ...(route.method === "GET" || name === "dryRun" ? [] : ["dryRun=true"]),
  ].join("&");
  const { [fixture.inPlaceOf?.[name] ?? ""]: _, ...beside } = (fixture.body ?? {}) as Record<string, unknown>;
  const body = JSON.stringify(place.in === "body" ? withValue(beside, place.steps, MARK) : fixture.body);
  return api.ask(route.method, parameters === "" ? path : `${path}?${parameters}`, {
    token: "open" in route ? null : token,
    ...(route.body && { raw: body.replace(JSON.stringify(MARK), () => value.json) }),
  });
}

/** How a fault names a place: a pointer into the body, or the name of a parameter. */
function pointerTo({ in: part, steps }: Place): string {
  return part === "body" ? steps.map((step) => `/${step}`).join("") : String(steps[0]);
}

/** Why an answer is none that a caller can be given, whatever was sent. */
function troubleOf({ status, headers, text }: Answer): string | undefined {
  if (status >= 500) return `${status} ${text}`;
  const type = headers.get("content-type");
  return status < 400 || type?.startsWith("application/problem+json") ? undefined : `${status} as ${type}`;
}

/** What is wrong with an answer to a request in which nothing else is, or undefined. */
function wrongWith(place: Place, { status, headers, body, text }: Answer): string | undefined {
  const trouble = troubleOf({ status, headers, body, text });
  if (status < 400 || trouble !== undefined) return trouble;
  // A path that cannot be decoded, or is another one, names nothing.
  if (place.in === "path" && body.detail === "there is nothing at this path") return undefined;
  if (status === 405 && place.in === "path") return undefined;
  const pointer = pointerTo(place);
  const faults: string[] = body.errors.map((fault: { pointer: string }) => fault.pointer);
  // A value that is an object has fields of its own; one of several forms is told by what holds it.
  const names = (fault: string) =>
    fault === pointer || fault.startsWith(`${pointer}/`) || (fault !== "" && pointer.startsWith(`${fault}/`));
  return faults.some(names) || pointer === "" ? undefined : `${status} names ${JSON.stringify(faults)}: ${body.detail}`;
}

/** A request of the right form, for a route that only somebody who signs in can use: what it means does not matter. */
function anyRequest(route: Route): Fixture {
  const path = route.path.replaceAll(/\{\w+\}/g, () => newId<string & never>());
  return { path, ...(route.body && { body: anyOf(route.body) }) };
}

function anyOf(schema: z.core.$ZodType): unknown {
  const { def } = bare(schema)._zod;
  if (def.type === "object")
    return Object.fromEntries(Object.entries(def.shape).map(([name, inner]) => [name, anyOf(inner)]));
  if (def.type === "array") return [anyOf(def.element)];
  if (def.type === "union" && def.options[0]) return anyOf(def.options[0]);
  return wordsOf(schema)[0] ?? (def.type === "number" ? 1 : "text");
}

/** One of `parts` shares of these routes, all of which have about as many fields. */
export function shareOf(all: readonly Route[], part: number, parts: number): Route[] {
  const shares = Array.from({ length: parts }, () => ({ fields: 0, routes: [] as Route[] }));
  const sized = all.map((route) => ({ route, fields: placesOf(route).length }));
  for (const { route, fields } of sized.sort((a, b) => b.fields - a.fields)) {
    const smallest = shares.reduce((least, share) => (share.fields < least.fields ? share : least));
    smallest.fields += fields;
    smallest.routes.push(route);
  }
  return shares[part - 1]?.routes ?? [];
}

/** Milliseconds: all values are some thousand requests to one route, which may be made to wait for each other. */
const LONG = 600_000;

export const writes: readonly Route[] = routes.filter(({ method }) => method !== "GET");
export const reads: readonly Route[] = routes.filter(({ method }) => method === "GET");

/** Sends hostile values to every field of these routes, a tenth of them or all, and looks at what is answered. */
export async function tryRoutes(tried: readonly Route[]): Promise<void> {
  const api = await apiServer({ logger: silent });
  const company = await makeCompany(api, "acme");
  const requests = await validRequests(api, company);

  it.each(tried.map((route) => [route.id, route] as const))(
    "%s takes none of them amiss",
    { timeout: LONG },
    async (id, route) => {
      const valid = requests[id];
      const draw = random(seed + [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_536, 7));
      const wrong: string[] = [];
      for (const place of placesOf(route)) {
        const values = hostileValues
          .filter(({ json }) => !place.words.some((word) => json === JSON.stringify(word) || json === word))
          .map((value) => ({ value, order: draw() }))
          .sort((a, b) => a.order - b.order)
          .slice(0, scaled(hostileValues.length));
        for (let at = 0; at < values.length; at += 8)
          await Promise.all(
            values.slice(at, at + 8).map(async ({ value }) => {
              const answer = await send(api, company.token, route, valid ?? anyRequest(route), place, value);
              const found = valid ? wrongWith(place, answer) : troubleOf(answer);
              if (found !== undefined)
                wrong.push(`${place.in} ${pointerTo(place)} = ${value.name}: ${found}`.slice(0, 500));
            }),
          );
      }
      expect(wrong).toEqual([]);
      expect((await api.ask("GET", "/me", { token: company.token })).status).toBe(200);
    },
  );
}
