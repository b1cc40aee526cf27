import type { LdapEntry, LdapValues } from "../../../connectors/ldap/entry.ts";

/** An entry with one value of each attribute. */
export function entryOf(attributes: Record<string, string | Buffer>, dn = "uid=x"): LdapEntry {
  const value = (name: string): Buffer[] => (attributes[name] === undefined ? [] : [Buffer.from(attributes[name])]);
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
