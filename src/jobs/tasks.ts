import type { TaskList } from "graphile-worker";
import type { Context } from "../context.ts";
import { inTransaction } from "../db/transaction.ts";
import { followUpExpired } from "../identity/access/reconcile.ts";
import { requeueOverdueMails } from "../identity/mails.ts";
import { listOrganizations } from "../identity/organizations.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { parseSender } from "../mail/address.ts";
import { makeSend } from "../mail/transport.ts";
import { enqueueDueSyncs, SYNC_TASK, syncTask } from "../sync/schedule.ts";
import { sendMail } from "./send-mail.ts";

/** Every minute. One tick each, however many processes run jobs; a tick that fails is not repeated, the next one comes. */
export const CRONTAB = ["requeue-mails", "enqueue-syncs", "follow-up-guests"]
  .map((task) => `* * * * * ${task} ?jobKey=${task}&max=1`)
  .join("\n");

/**
 * Every job that there is, by the name that `add_job` is given.
 * @throws MusterError `configuration` when the sender's address or the secret key cannot be used.
 */
export function makeTasks(ctx: Context): TaskList {
  const sender = {
    key: loadSecretKey(ctx.config),
    send: makeSend(ctx.config),
    from: parseSender(ctx.config.mail.from),
  };
  return {
    "send-mail": (payload) => sendMail(ctx, sender, payload),
    [SYNC_TASK]: (payload, helpers) => syncTask(ctx, payload, helpers.abortSignal),
    "requeue-mails": async () => {
      await requeueOverdueMails(ctx.db);
    },
    "enqueue-syncs": async () => {
      await enqueueDueSyncs(ctx);
    },
    "follow-up-guests": () => followUpGuests(ctx),
  };
}

/** What fell due while no worker ran must not wait for the next full minute. */
export async function catchUp(ctx: Context): Promise<void> {
  await requeueOverdueMails(ctx.db);
  await enqueueDueSyncs(ctx);
}

async function followUpGuests(ctx: Context): Promise<void> {
  for (const { id } of await listOrganizations(ctx.db))
    await inTransaction(ctx, { organization: id, kind: "job", id: null, requestId: null }, followUpExpired);
}
