import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER, UNDER_WAY } from "./places.ts";

/** One Muster process that uses the embedded server, as others and its guard can see it. */
export type UserMark = {
  /** Takes the mark back; the guard goes too, unless it is left to decide whether the server stops. */
  leave(guard: "goes" | "decides"): void;
};

const FOLDER = "postgres-users";
const STOPPING = "stopping";

let marks = 0;

/**
 * Marks this process as a user of the data directory's server and gives it a guard: a shell in a session of its own
 * that sleeps until this process is gone, however it ended, and then stops a server that no live user is left for.
 */
export function markUser(dataDirectory: string): UserMark {
  const folder = join(dataDirectory, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mark = join(folder, `${process.pid}-${marks++}`);
  writeFileSync(mark, `${startedAt(process.pid) ?? ""}\n`, { mode: 0o600 });
  const guard = process.platform === "win32" ? undefined : spawnGuard(dataDirectory);
  return {
    leave(whatGuardDoes) {
      rmSync(mark, { force: true });
      if (whatGuardDoes === "goes") guard?.kill();
      else guard?.stdin?.end();
    },
  };
}

/** Whether a guard is just about to stop the server: whoever comes meanwhile waits for what it decides. */
export function isStopping(dataDirectory: string): boolean {
  const file = statSync(join(dataDirectory, FOLDER, STOPPING), { throwIfNoEntry: false });
  return file !== undefined && Date.now() - file.mtimeMs < 90_000;
}

/** The kernel's start time of a process, so that a pid which was given away again is not taken for its former owner. */
function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * The order matters: it writes `stopping` before it looks for marks, a starter writes its mark before it looks for
 * `stopping`, so at least one of the two sees the other. A signal goes only to a process that works in the cluster.
 */
const GUARD = `
exec 2>/dev/null
trap '' INT HUP
cat >/dev/null
sleep 1
alive() {
  if [ -r /proc/self/stat ]; then
    IFS= read -r line <"/proc/$1/stat" || return 1
    set -- "$2" \${line##*) }
    [ "$2" != Z ] && [ "$2" != X ] && [ "\${21}" = "$1" ]
  else kill -0 "$1"; fi
}
serves() {
  if [ -r /proc/self/stat ]; then [ "/proc/$1/cwd" -ef $cluster ]
  else case "$(ps -o comm= -p "$1")" in *postgres*) ;; *) return 1 ;; esac; fi
}
[ -d ${FOLDER} ] || exit 0
: >${FOLDER}/${STOPPING}
for mark in ${FOLDER}/[0-9]*; do
  IFS= read -r start <"$mark" || continue
  pid=\${mark##*/}
  if alive "\${pid%%-*}" "$start"; then rm -f ${FOLDER}/${STOPPING}; exit 0; fi
done
for cluster in ${CLUSTER} ${UNDER_WAY} postgres-*-before-upgrade*; do
  if IFS= read -r server <$cluster/postmaster.pid && serves "$server"; then
    kill -INT "$server"
    waited=0
    while serves "$server"; do
      [ $waited = 60 ] && kill -QUIT "$server"
      waited=$((waited + 1))
      sleep 1
    done
  fi
done
rm -f ${FOLDER}/[0-9]* ${FOLDER}/${STOPPING}
`;

function spawnGuard(dataDirectory: string): ChildProcess {
  // Nothing in its command line names Muster or the data directory: whatever kills Muster by name spares it.
  const guard = spawn("/bin/sh", ["-c", GUARD, "postgres-guard"], {
    cwd: dataDirectory,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: "/usr/bin:/bin" },
  });
  guard.on("error", () => {});
  guard.unref();
  if (guard.stdin && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return guard;
}
