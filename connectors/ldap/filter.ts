import { AndFilter, EqualityFilter, type Filter, FilterParser, OrFilter } from "ldapts";

/** Exactly this value: never text that could be taken for syntax (RFC 4515), and bytes as they are. */
export function equals(attribute: string, value: string | Buffer): Filter {
  return new EqualityFilter({ attribute, value });
}

export function either(filters: Filter[]): Filter {
  return new OrFilter({ filters });
}

/** @param filter as the settings have it. @param narrowedBy what must be true of an entry besides. */
export function parsed({ filter, narrowedBy }: { filter: string; narrowedBy?: Filter | undefined }): Filter {
  const whole = FilterParser.parseString(filter);
  return narrowedBy === undefined ? whole : new AndFilter({ filters: [whole, narrowedBy] });
}
