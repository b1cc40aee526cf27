/** Second names that RFC 4519, RFC 4524 and servers' schemas give to attributes of people and groups, in lower case. */
const SECOND_NAMES: ReadonlyMap<string, string> = new Map([
  ["commonname", "cn"],
  ["surname", "sn"],
  ["gn", "givenName"],
  ["userid", "uid"],
  ["rfc822mailbox", "mail"],
]);

/** The name by which servers answer an attribute: whoever asks OpenLDAP for `surname` is given `sn`. */
export function firstName(attribute: string): string {
  return SECOND_NAMES.get(attribute.toLowerCase()) ?? attribute;
}
