import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/** The cluster that is used, in the data directory. */
export const CLUSTER = "postgres";

/** A cluster that is no whole one yet; a name of its own follows. */
export const BEING_MADE = "postgres.new-";

/** A cluster that is being filled from one of an older version; whoever finds it without its maker throws it away. */
export const UNDER_WAY = "postgres.upgrade";

/** The same once it is whole. It takes the place of the older one as soon as that has left it. */
export const UPGRADED = "postgres.upgraded";

/** What goes from the one into the other. */
export const UPGRADE_FILE = "postgres.upgrade.backup";

/** What an older cluster is called after its upgrade; a number follows where there is one already. */
export function beforeUpgrade(major: number): string {
  return `postgres-${major}-before-upgrade`;
}
export const BEFORE_UPGRADE = /^postgres-\d+-before-upgrade(-\d+)?$/;

/** Renames for good: a machine that loses its power right after does not forget it. */
export function move(from: string, to: string): void {
  renameSync(from, to);
  if (process.platform === "win32") return;
  const parent = openSync(dirname(to), "r");
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}
