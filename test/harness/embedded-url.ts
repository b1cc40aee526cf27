import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The owner's way into the embedded database of a data directory whose path is short enough for a socket. */
export function embeddedOwnerUrl(dataDirectory: string): string {
  const cluster = join(dataDirectory, "postgres");
  const { owner } = JSON.parse(readFileSync(join(cluster, "muster-passwords.json"), "utf8")) as { owner: string };
  const url = new URL(`postgres://muster_owner:${owner}@localhost:5432/muster`);
  url.searchParams.set("host", cluster);
  return url.toString();
}
