import type { Database } from "../db/connection.ts";

/** What whoever watches an installation is told of it, with the sentence that stands beside the figure. */
export const OPERATING_FIGURES = {
  paused: "1 while Muster rests after a restore, until muster resume.",
  mails_waiting: "Mails that have not been sent yet.",
  mails_late_seconds: "Seconds since the mail that waits longest should have been tried.",
  sync_runs_waiting: "Plans of syncs that wait for an administrator and can still be approved.",
  syncs_late_seconds: "Seconds since the directory that waits longest should have been read.",
  webhooks_disabled: "Webhooks that get nothing any more.",
  webhook_deliveries_late_seconds: "Seconds since the delivery that waits longest should have been tried.",
  jobs_open: "Jobs of administrators that are not over.",
} as const satisfies Record<string, string>;

export type OperatingFigure = keyof typeof OPERATING_FIGURES;

/** The figures of all organizations together. */
export async function operatingFigures(db: Database): Promise<ReadonlyMap<OperatingFigure, number>> {
  const rows = await db.lookUp<{ name: OperatingFigure; value: number }>({
    name: "operating-figures",
    text: "select name, value from operating_figures()",
  });
  return new Map(rows.map(({ name, value }) => [name, value]));
}
