import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { hostOf, isLoopbackAddress, isPublicAddress } from "../identity/webhook-url.ts";

/** An address that a request may go to. */
export type Address = { address: string; family: number };

/**
 * The addresses of a webhook's host, looked up once: the request goes to one of these and nowhere else, whatever the name
 * resolves to a moment later.
 * @throws Error in our own words when the host has none, or one of them is not to be dialled: a name that leads inside and
 *   outside at once is not what it says.
 */
export async function resolveTarget(url: URL, allowPrivate: boolean): Promise<Address[]> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family > 0 ? [{ address: host, family }] : await lookUpAll(host);
  if (addresses.length === 0) throw new Error("the host has no address");
  const everyAddress = (rule: (address: string) => boolean) => addresses.every(({ address }) => rule(address));
  if (url.protocol === "http:" && !(allowPrivate && everyAddress(isLoopbackAddress)))
    throw new Error("plain http is for this machine itself alone");
  if (!allowPrivate && !everyAddress(isPublicAddress)) throw new Error("the host leads to a private address");
  return addresses;
}

async function lookUpAll(host: string): Promise<Address[]> {
  try {
    return await lookup(host, { all: true });
  } catch {
    throw new Error("the host's name cannot be resolved");
  }
}
