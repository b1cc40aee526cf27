import { MusterError } from "../errors.ts";
import { resolveName, resolveSchema } from "./filter/names.ts";
import type { Attribute, AttributePath, AttributeTable, ResourceType } from "./schema/attribute.ts";
import { type Document, isObject } from "./schema/document.ts";

/** A whole extension, or an attribute, or a part of one. */
type Name = { extension: string; path: null } | { extension: string | null; path: AttributePath };

/**
 * Which attributes an answer holds (RFC 7644 §3.9). `specified` are those that the request wrote: what is returned on
 * request only is returned to whoever writes it (RFC 7643 §7).
 */
export type Projection = ({ kind: "all" } | { kind: "only" | "without"; names: readonly Name[] }) & {
  specified?: readonly AttributePath[];
};

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

/** The projection of an answer to a request that wrote this document. */
export function alsoWritten(projection: Projection, type: ResourceType, document: Document): Projection {
  if (!type.selective) return projection;
  const specified = type.extensions.flatMap(({ urn, attributes }): AttributePath[] => {
    const held = document[urn];
    const names = isObject(held) ? Object.keys(held) : [];
    return names.flatMap((name) => {
      const attribute = attributes.get(name.toLowerCase());
      return attribute?.hides ? [{ extension: urn, attribute, sub: null }] : [];
    });
  });
  return { ...projection, specified };
}

/** The projection of an answer to a request that wrote attributes by their paths. */
export function alsoWrittenAt(projection: Projection, paths: readonly AttributePath[]): Projection {
  const specified = paths.filter(({ attribute }) => attribute.hides);
  return specified.length === 0 ? projection : { ...projection, specified };
}

/**
 * The resource with only what is wanted; what is returned always (`id`, `schemas`) stays, what is never returned goes, and
 * so does what stands in the record but in no schema any more.
 */
export function project(type: ResourceType, resource: Document, projection: Projection): Document {
  if (projection.kind === "all" && !type.selective) return resource;
  const result: Document = {};
  for (const [key, value] of Object.entries(resource)) {
    const attribute = type.core.attributes.get(key.toLowerCase());
    const extension = attribute === undefined ? type.extensions.find(({ urn }) => urn === key) : undefined;
    let kept: unknown;
    if (attribute !== undefined) kept = keep(attribute, value, wishFor(projection, null, attribute));
    else if (extension !== undefined && isObject(value)) kept = keepIn(extension, value, projection);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

/** What a request says of one attribute: of all of it, or of these parts. */
type Wish = { kind: Projection["kind"]; whole: boolean; parts: ReadonlySet<string>; specified: boolean };

const NO_PARTS: ReadonlySet<string> = new Set();

function wishFor(projection: Projection, extension: string | null, attribute: Attribute): Wish {
  const { kind } = projection;
  const specified = projection.specified?.some((path) => isOf(path, extension, attribute)) ?? false;
  if (kind === "all") return { kind, whole: false, parts: NO_PARTS, specified };
  let whole = false;
  let parts: Set<string> | undefined;
  for (const { extension: urn, path } of projection.names) {
    if (path === null) whole ||= urn === extension;
    else if (!isOf(path, extension, attribute)) continue;
    else if (path.sub === null) whole = true;
    else parts = (parts ?? new Set()).add(path.sub.name);
  }
  return { kind, whole, parts: parts ?? NO_PARTS, specified };
}

function isOf(path: AttributePath, extension: string | null, attribute: Attribute): boolean {
  return path.extension === extension && path.attribute.name === attribute.name;
}

function keepIn(table: AttributeTable, holder: Document, projection: Projection): Document | undefined {
  const result: Document = {};
  for (const [name, value] of Object.entries(holder)) {
    const attribute = table.attributes.get(name.toLowerCase());
    const kept = attribute && keep(attribute, value, wishFor(projection, table.urn, attribute));
    if (kept !== undefined) result[name] = kept;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

/** What is left of one attribute's value (RFC 7643 §7 `returned`); undefined when nothing is. */
function keep(attribute: Attribute, value: unknown, wish: Wish): unknown {
  const { kind, whole, parts, specified } = wish;
  const named = whole || parts.size > 0;
  const isShown =
    attribute.returned === "always" ||
    (kind === "only" ? named : (attribute.returned === "default" || specified) && !(kind === "without" && whole));
  if (!isShown || attribute.returned === "never") return undefined;
  // Without a wish for parts, and with none that hides, the value is served as it stands.
  if (parts.size === 0 && !attribute.hides) return value;
  return eachElement(value, (name) => {
    const part = attribute.subAttributes.get(name.toLowerCase());
    if (part === undefined || part.returned === "never") return false;
    if (part.returned === "always") return true;
    if (kind === "only") return whole || parts.size === 0 ? whole || part.returned === "default" : parts.has(name);
    return (part.returned === "default" || specified) && !parts.has(name);
  });
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
