import type { Task, TaskList } from "graphile-worker";
import type { Context } from "../context.ts";
import { inTransaction, type OrganizationLock, type Tx } from "../db/transaction.ts";
import { followUpExpired } from "../identity/access/reconcile.ts";
import { FORGOTTEN_AT_ONCE, forgetOldTombstones } from "../identity/accounts/forget.ts";
import { listDirectories } from "../identity/directories.ts";
import { remindOfEndingGuests } from "../identity/guest-reminders.ts";
import { pruneIdempotentRequests } from "../identity/idempotency.ts";
import { pruneJobs } from "../identity/jobs.ts";
import { requeueOverdueMails } from "../identity/mail-sending.ts";
import { pruneClientTokens } from "../identity/oauth-clients.ts";
import { pausedSince } from "../identity/pause.ts";
import { prunePublicAttempts } from "../identity/public-budget.ts";
import { pruneRemovals } from "../identity/removal-budget.ts";
import { noticeRemovals } from "../identity/removal-notice.ts";
import { KEPT_REQUESTS, pruneRequests } from "../identity/request-log.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { PRUNED_AT_ONCE, pruneDeliveries } from "../identity/webhook-deliveries.ts";
import { parseSender } from "../mail/address.ts";
import { makeSend } from "../mail/transport.ts";
import { ASKED_SYNC_TASK, askedSyncTask } from "../sync/ask.ts";
import { pruneRuns } from "../sync/prune.ts";
import { enqueueDueSyncs, SYNC_TASK, syncTask } from "../sync/schedule.ts";
import { deliverWebhook } from "./deliver-webhook.ts";
import { inEveryOrganization } from "./every-organization.ts";
import { runJob } from "./run-job.ts";
import { sendMail } from "./send-mail.ts";

/** Every minute, or every hour. One tick each, however many processes run jobs; a tick that fails is not repeated, the next one comes. */
export const CRONTAB = ["requeue-mails", "enqueue-syncs", "follow-up-guests", "remind-of-guests", "notice-removals"]
  .map((task) => `* * * * * ${task} ?jobKey=${task}&max=1`)
  .concat(
    [
      "prune-tokens",
      "prune-request-log",
      "prune-removals",
      "prune-idempotent-requests",
      "prune-webhook-deliveries",
      "prune-jobs",
      "prune-sync-runs",
      "prune-public-attempts",
      "forget-tombstones",
    ].map((task) => `17 * * * * ${task} ?jobKey=${task}&max=1`),
  )
  .join("\n");

/** The jobs that have places of their own (start.ts). */
export const SYNC_TASKS: ReadonlySet<string> = new Set([ASKED_SYNC_TASK, SYNC_TASK]);

/**
 * Every job that there is, by the name that `add_job` is given.
 * @throws MusterError `configuration` when the sender's address or the secret key cannot be used.
 */
export function makeTasks(ctx: Context): TaskList {
  const sender = {
    key: loadSecretKey(ctx.config),
    send: makeSend(ctx.config),
    from: parseSender(ctx.config.mail.from),
    haltedUntil: 0,
  };
  return unlessPaused(ctx, {
    "send-mail": (payload) => sendMail(ctx, sender, payload),
    [ASKED_SYNC_TASK]: (payload, helpers) => askedSyncTask(ctx, payload, helpers.abortSignal),
    [SYNC_TASK]: (payload, helpers) => syncTask(ctx, payload, helpers.abortSignal),
    "run-job": atMost(2, (payload, helpers) => runJob(ctx, payload, helpers.abortSignal)),
    "deliver-webhook": atMost(8, (payload, helpers) => deliverWebhook(ctx, sender.key, payload, helpers.abortSignal)),
    "requeue-mails": async () => {
      await requeueOverdueMails(ctx.db);
    },
    "enqueue-syncs": async () => {
      await enqueueDueSyncs(ctx);
    },
    "follow-up-guests": () => once(ctx, followUpExpired),
    "remind-of-guests": () => once(ctx, remindOfEndingGuests, "none"),
    "notice-removals": () => noticeEveryRemoval(ctx),
    "prune-removals": () => once(ctx, pruneRemovals, "none"),
    "prune-tokens": () => once(ctx, pruneClientTokens, "none"),
    "prune-request-log": () => pruneRequestLog(ctx),
    "prune-idempotent-requests": () => once(ctx, pruneIdempotentRequests, "none"),
    "prune-jobs": () => once(ctx, pruneJobs, "none"),
    "prune-webhook-deliveries": () => untilFewer(ctx, PRUNED_AT_ONCE, pruneDeliveries, "none"),
    "prune-sync-runs": () => inEveryOrganization(ctx, (actor) => pruneRuns(ctx, actor)),
    "forget-tombstones": () => untilFewer(ctx, FORGOTTEN_AT_ONCE, forgetOldTombstones),
    "prune-public-attempts": () => once(ctx, prunePublicAttempts, "none"),
  });
}

/** After a restore nothing is done until somebody resumes. What a task would have done is found again by its rows. */
function unlessPaused(ctx: Context, tasks: TaskList): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]): [string, Task] => [
      name,
      async (payload, helpers) => {
        if (task && (await pausedSince(ctx.db)) === null) await task(payload, helpers);
      },
    ]),
  );
}

/**
 * A task that takes at most so many of the places that all jobs share: neither slow receivers nor long work may keep a mail
 * waiting. Who finds no place does nothing; the rows are looked at again every second.
 */
function atMost(places: number, task: Task): Task {
  let running = 0;
  return async (payload, helpers) => {
    if (running >= places) return;
    running += 1;
    try {
      await task(payload, helpers);
    } finally {
      running -= 1;
    }
  };
}

/** What fell due while no worker ran must not wait for the next full minute. */
export async function catchUp(ctx: Context): Promise<void> {
  await requeueOverdueMails(ctx.db);
  await enqueueDueSyncs(ctx);
}

/** In one transaction for each organization. */
function once(ctx: Context, work: (tx: Tx) => Promise<unknown>, lock: OrganizationLock = "shared"): Promise<void> {
  return inEveryOrganization(ctx, (actor) => inTransaction(ctx, actor, work, { lock }));
}

/** In transactions of at most `atOnce` rows, until one finds fewer. */
function untilFewer(
  ctx: Context,
  atOnce: number,
  work: (tx: Tx) => Promise<number>,
  lock: OrganizationLock = "shared",
): Promise<void> {
  return inEveryOrganization(ctx, async (actor) => {
    let done: number;
    do done = await inTransaction(ctx, actor, work, { lock });
    while (done === atOnce);
  });
}

/** The log tells it too: there may be no administrator with an address, or no mail server. */
function noticeEveryRemoval(ctx: Context): Promise<void> {
  return inEveryOrganization(ctx, async (actor) => {
    for (const { directory, held, ...counts } of await inTransaction(ctx, actor, noticeRemovals, { lock: "none" }))
      ctx.logger.warn(`a directory ${held ? "was kept from taking" : "takes"} away many people's access`, {
        organization: actor.organization,
        directory,
        counts,
      });
  });
}

function pruneRequestLog(ctx: Context): Promise<void> {
  const keep = { days: ctx.config.requestLog.days, rows: KEPT_REQUESTS };
  return inEveryOrganization(ctx, async ({ organization }) => {
    const db = ctx.db.of(organization);
    for (const { id: directory, kind } of await listDirectories(db))
      if (kind === "scim") await pruneRequests(db, directory, keep);
  });
}
