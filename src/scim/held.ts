import { isMusterError } from "../errors.ts";
import { noteHeldRemovals } from "../identity/removal-budget.ts";
import type { Perform } from "./exchange.ts";

/**
 * As `perform`; and what the removal budget refuses is remembered, so that administrators hear of it, although the
 * request itself leaves nothing (design §7).
 */
export function rememberingHeld(perform: Perform): Perform {
  return async (ctx, request, id) => {
    try {
      return await perform(ctx, request, id);
    } catch (error) {
      if (!isMusterError(error) || error.code !== "held") throw error;
      const { organization, directory, actor } = request.caller;
      const log = { organization, directory, requestId: actor.requestId, detail: error.message };
      try {
        if (await noteHeldRemovals(ctx, actor, directory, error)) ctx.logger.error("removals are held", log);
      } catch (failure) {
        ctx.logger.error("removals are held", { ...log, error: (failure as Error).message });
      }
      throw error;
    }
  };
}
