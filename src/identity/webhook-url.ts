import { BlockList, isIPv4, isIPv6 } from "node:net";
import { MusterError } from "../errors.ts";

const LONGEST = 2_000;

/** What is no public host (IANA's registries of special-purpose addresses, RFC 6890). */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv4");
// Of the global unicast addresses, those that lead elsewhere (Teredo, 6to4) or nowhere (documentation).
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv6");

const GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether an address is a host of the public internet, as far as an address can tell. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !PRIVATE.check(address, "ipv4");
  // An IPv4 address in IPv6's clothes is outside of 2000::/3, as are local and translated ones.
  return isIPv6(address) && GLOBAL.check(address, "ipv6") && !PRIVATE.check(address, "ipv6");
}

/** Whether an address is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return isIPv4(address) ? LOOPBACK.check(address, "ipv4") : isIPv6(address) && LOOPBACK.check(address, "ipv6");
}

/** A URL's host without the brackets of IPv6; the URL parser has put every form of an IPv4 address into the dotted one. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/**
 * A webhook's URL in its canonical form. What its name resolves to is looked at with every delivery, because it can change.
 * @param allowPrivate whether private addresses, and loopback by plain http, may be named.
 * @throws MusterError `invalid-value` with what is wrong with it.
 */
export function parseWebhookUrl(text: string, allowPrivate: boolean): string {
  const wrong = (detail: string) => new MusterError("invalid-value", detail, { at: "url" });
  const url = text.length <= LONGEST && !/[\s\0]/.test(text) ? URL.parse(text) : null;
  if (!url) throw wrong(`it must be a URL of at most ${LONGEST} characters`);
  const schemes = allowPrivate ? ["https:", "http:"] : ["https:"];
  if (!schemes.includes(url.protocol)) throw wrong("it must start with https://");
  if (url.username !== "" || url.password !== "")
    throw wrong("it must not carry a user name or password; the signature says who sends");
  if (url.hash !== "") throw wrong("it must not have a fragment");
  const host = hostOf(url);
  if (url.protocol === "http:" && !(isLoopbackAddress(host) || host === "localhost"))
    throw wrong("plain http is for this machine itself alone; use https://");
  const isAddress = isIPv4(host) || isIPv6(host);
  if (isAddress && !allowPrivate && !isPublicAddress(host)) throw wrong("it must not lead to a private address");
  return url.href;
}
