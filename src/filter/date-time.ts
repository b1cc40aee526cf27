const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](\d\d):\d\d)?$/;

/**
 * The moment of an xsd:dateTime (RFC 7643 §2.3.5) to the millisecond; without a zone it is UTC. Undefined when it is
 * none, also for what only some parsers take: a day that its month does not have, the year 0, a zone beyond 14 hours.
 */
export function parseDateTime(text: string): Date | undefined {
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [year, month, day, zone] = [match[1], match[2], match[3], match[6] ?? 0].map(Number);
  if (year === 0 || Number(zone) > 14 || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return undefined;
  const date = new Date(match[5] === undefined ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
