import type { LdapEntry, LdapValues } from "../../../connectors/ldap/entry.ts";

/** An entry with one value of each attribute, or with those of a list. */
export function entryOf(attributes: Record<string, string | Buffer | readonly string[]>, dn = "uid=x"): LdapEntry {
  const value = (name: string): Buffer[] => {
    const given = attributes[name] ?? [];
    return typeof given === "string" || Buffer.isBuffer(given)
      ? [Buffer.from(given)]
      : given.map((one) => Buffer.from(one));
  };
  return {
    dn,
    has: (name) => value(name).length > 0,
    texts: (name) => value(name).map(String),
    text: (name) => value(name).map(String)[0] ?? null,
    bytes: value,
    count: (name) => value(name).length,
    descriptions: () => Object.keys(attributes),
    values: (name) => valuesOf(value(name)),
  };
}

function valuesOf(values: Buffer[]): LdapValues {
  let at = -1;
  return {
    next: () => ++at < values.length,
    get frame() {
      return values[at] ?? Buffer.alloc(0);
    },
    from: 0,
    get to() {
      return values[at]?.length ?? 0;
    },
    text: () => values[at]?.toString() ?? null,
  };
}
