import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../errors.ts";
import { majorOf } from "./cluster.ts";
import { BEFORE_UPGRADE, CLUSTER, move, UPGRADE_FILE, UPGRADED } from "./places.ts";
import { stopServer } from "./server.ts";

/**
 * The last step of an upgrade: the new cluster takes the place that the older one has left. Does nothing when that is not
 * how it stands. Safe to call at any time and by several at once.
 * @throws MusterError `configuration` when the upgraded cluster is of another version than `major`: the place is no empty one.
 */
export async function finishSwap(dataDirectory: string, major: number, log: (message: string) => void): Promise<void> {
  const [cluster, upgraded] = [join(dataDirectory, CLUSTER), join(dataDirectory, UPGRADED)];
  if (existsSync(cluster) || !existsSync(upgraded)) return;
  const made = majorOf(upgraded);
  if (made === undefined) return;
  if (made !== major)
    throw new MusterError(
      "configuration",
      `an upgrade to PostgreSQL ${made} was cut short in ${dataDirectory}; start the Muster that brings it, or rename the latest postgres-…-before-upgrade there to ${CLUSTER}`,
      { at: "MUSTER_DATA_DIR" },
    );
  const kept = readdirSync(dataDirectory)
    .filter((name) => BEFORE_UPGRADE.test(name))
    .map((name) => join(dataDirectory, name));
  // It was taken away while it ran.
  for (const directory of kept) await stopServer({ directory, binaries: { directory, major }, user: undefined });
  try {
    move(upgraded, cluster);
  } catch (error) {
    // Another starter was faster.
    if (!existsSync(cluster)) throw error;
    return;
  }
  rmSync(join(dataDirectory, UPGRADE_FILE), { force: true });
  log(`the data is now PostgreSQL ${made}'s; as it was before it is kept in ${kept.join(", ")}, which may be removed`);
}
