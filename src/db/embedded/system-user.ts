import { readFileSync, statSync } from "node:fs";
import { MusterError } from "../../errors.ts";

/** An existing account of the operating system. */
export type SystemUser = { name: string; uid: number; gid: number };

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Whom PostgreSQL runs as when Muster is root, because PostgreSQL refuses root: the owner of the cluster, else the
 * owner of the data directory, else `nobody`. Only accounts that exist; none is ever created.
 * Undefined when Muster is no root: then PostgreSQL runs as the same user.
 */
export function serverUser(dataDirectory: string, cluster: string): SystemUser | undefined {
  if (!isRoot()) return undefined;
  const users = listUsers();
  for (const path of [cluster, dataDirectory]) {
    const uid = statSync(path, { throwIfNoEntry: false })?.uid ?? 0;
    const owner = uid === 0 ? undefined : users.find((user) => user.uid === uid);
    if (owner) return owner;
  }
  const nobody = users.find((user) => user.name === "nobody" && user.uid !== 0);
  if (nobody) return nobody;
  throw new MusterError(
    "configuration",
    `PostgreSQL does not run as root and this system has no user "nobody"; give ${dataDirectory} to an ordinary user (chown), start Muster as one, or set DATABASE_URL`,
    { at: "MUSTER_DATA_DIR" },
  );
}

function listUsers(): SystemUser[] {
  let text = "";
  try {
    text = readFileSync("/etc/passwd", "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    // macOS writes nobody as -2, the kernel reads it as an unsigned number.
    return name && uid && gid ? [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }] : [];
  });
}
