import { MusterError } from "../errors.ts";
import { resolveName, resolveSchema } from "./filter/parse.ts";
import type { AttributePath, ResourceType } from "./schema/attribute.ts";
import { type Document, isObject } from "./schema/canonical.ts";

/** A whole extension, or an attribute, or a part of one. */
type Name = { extension: string; path: null } | { extension: string | null; path: AttributePath };

/** Which attributes an answer holds (RFC 7644 §3.9). */
export type Projection = { kind: "all" } | { kind: "only" | "without"; names: readonly Name[] };

const ALL: Projection = { kind: "all" };
const MAX_NAMES = 200;

/**
 * Reads `attributes` and `excludedAttributes`. Names that this server does not know select nothing.
 * @throws MusterError `invalid-value` when both are given (they exclude each other), or too many names.
 */
export function readProjection(type: ResourceType, parameters: ReadonlyMap<string, string>): Projection {
  const only = parameters.get("attributes");
  const without = parameters.get("excludedAttributes");
  if (only && without)
    throw new MusterError("invalid-value", "attributes and excludedAttributes exclude each other", {
      at: "attributes",
    });
  if (only) return { kind: "only", names: readNames(type, only, "attributes") };
  return without ? { kind: "without", names: readNames(type, without, "excludedAttributes") } : ALL;
}

function readNames(type: ResourceType, text: string, at: string): Name[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.length > MAX_NAMES)
    throw new MusterError("invalid-value", `may name at most ${MAX_NAMES} attributes`, { at });
  return words.flatMap((word): Name[] => {
    const path = resolveName(type, word);
    if (path) return [{ extension: path.extension, path }];
    const urn = resolveSchema(type, word);
    if (urn === undefined) return [];
    if (urn !== type.core.urn) return [{ extension: urn, path: null }];
    // The core schema by its URN is all of its attributes.
    return [...type.core.attributes.values()].map((attribute) => ({
      extension: null,
      path: { extension: null, attribute, sub: null },
    }));
  });
}

/** Whether a top-level attribute is wanted at all, so that it need not be read when it is not. */
export function wants(projection: Projection, name: string): boolean {
  if (projection.kind === "all") return true;
  const named = projection.names.filter((each) => each.extension === null && each.path?.attribute.name === name);
  return projection.kind === "only" ? named.length > 0 : !named.some((each) => each.path?.sub === null);
}

/** The resource with only what is wanted; what is returned always (`id`, `schemas`) stays. */
export function project(type: ResourceType, resource: Document, projection: Projection): Document {
  if (projection.kind === "all") return resource;
  const { names } = projection;
  const only = projection.kind === "only";
  const result: Document = {};
  for (const [key, value] of Object.entries(resource)) {
    const extension = type.extensions.find(({ urn }) => urn === key)?.urn ?? null;
    const whole = names.some((name) => name.path === null && name.extension === key);
    let kept: unknown;
    if (isAlways(type, key) || (whole && only)) kept = value;
    else if (!whole)
      kept =
        extension === null
          ? keep(key, value, named(names, null), only)
          : keepIn(value as Document, named(names, key), only);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

function isAlways(type: ResourceType, name: string): boolean {
  return type.core.attributes.get(name.toLowerCase())?.returned === "always";
}

function named(names: readonly Name[], extension: string | null): AttributePath[] {
  return names.flatMap((name) => (name.path !== null && name.extension === extension ? [name.path] : []));
}

function keepIn(holder: Document, paths: readonly AttributePath[], only: boolean): Document | undefined {
  const entries = Object.entries(holder)
    .map(([key, value]) => [key, keep(key, value, paths, only)] as const)
    .filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** What is left of one attribute's value when `paths` are the only ones wanted, or the ones not wanted. */
function keep(name: string, value: unknown, paths: readonly AttributePath[], only: boolean): unknown {
  const own = paths.filter((path) => path.attribute.name === name);
  if (own.length === 0) return only ? undefined : value;
  if (own.some((path) => path.sub === null)) return only ? value : undefined;
  const parts = new Set(own.map((path) => path.sub?.name));
  return eachElement(value, (part) => parts.has(part) === only);
}

/** A value with parts, or each of several, with only the parts that are kept. */
function eachElement(value: unknown, keeps: (part: string) => boolean): unknown {
  if (Array.isArray(value)) {
    const elements = value.map((element) => eachElement(element, keeps)).filter((element) => element !== undefined);
    return elements.length === 0 ? undefined : elements;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([part]) => keeps(part));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
