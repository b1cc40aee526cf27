import { z } from "zod";
import type { Context } from "../context.ts";
import { type JobId, type OrganizationId, parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { workAtJob } from "../identity/job-run.ts";

const payloadSchema = z.object({ organization: z.uuid(), job: z.uuid() });

/** Works at what an administrator asked for, to its end or until `stop`. */
export async function runJob(ctx: Context, payload: unknown, stop: AbortSignal | undefined): Promise<void> {
  const parsed = payloadSchema.safeParse(payload);
  const organization = parseId<OrganizationId>(parsed.data?.organization ?? "");
  const id = parseId<JobId>(parsed.data?.job ?? "");
  if (!organization || !id) throw new MusterError("internal", "a job to work at names no job");
  await workAtJob(ctx, { organization, id }, stop);
}
