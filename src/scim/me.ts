import { MusterError } from "../errors.ts";
import type { Perform } from "./exchange.ts";
import { locationOf } from "./user-resource.ts";

/**
 * `/Me` (RFC 7644 §3.11): the same as the resource of the person whom the token stands for, with that resource's permanent
 * location.
 * @throws MusterError `not-implemented` for a token that stands for nobody.
 */
export function me(perform: Perform): Perform {
  return async (ctx, request) => {
    const { caller } = request;
    if (caller.subject === null)
      throw new MusterError("not-implemented", "this token stands for no person, so there is no Me");
    const answer = await perform(ctx, request, caller.subject);
    return { ...answer, location: locationOf(caller, "/Users", caller.subject) };
  };
}
