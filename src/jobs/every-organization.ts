import type { Context } from "../context.ts";
import { isOutOfReach } from "../db/storage-error.ts";
import type { Actor } from "../db/transaction.ts";
import { isMusterError } from "../errors.ts";
import { listOrganizations } from "../identity/organizations.ts";

/**
 * Does a job's work for one organization after the other. One in which it fails is logged, has its turn again at the next tick, and
 * keeps no other from its own.
 * @throws MusterError `unavailable` when the database is out of reach, which is nothing about an organization.
 */
export async function inEveryOrganization(ctx: Context, work: (actor: Actor) => Promise<unknown>): Promise<void> {
  for (const { id: organization } of await listOrganizations(ctx.db))
    try {
      await work({ organization, kind: "job", id: null, requestId: null });
    } catch (error) {
      if (isOutOfReach(error)) throw error;
      ctx.logger.error("a job failed in one organization; it comes again", {
        organization,
        error: String(isMusterError(error) ? (error.cause ?? error) : error),
      });
    }
}
