/** One sync by a Muster process of its own, as a program: the time of the run alone, and the process's peak memory. */
import { existsSync, readFileSync } from "node:fs";
import { loadConfig } from "../../src/config.ts";
import type { DirectoryId, OrganizationId } from "../../src/db/id.ts";
import { makeLogger } from "../../src/logger.ts";
import { keepCompiled } from "../../src/start/compiled.ts";
import { openContext } from "../../src/start/open-context.ts";
import { runSync } from "../../src/sync/run.ts";

const { environment, organization, directory } = JSON.parse(process.argv[2] ?? "") as {
  environment: Record<string, string>;
  organization: OrganizationId;
  directory: DirectoryId;
};

/** Bytes that the process held in memory at most (proc_pid_status(5)). */
function peakBytes(): number {
  const kilobytes = existsSync("/proc/self/status")
    ? /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
    : undefined;
  return Number(kilobytes ?? process.resourceUsage().maxRSS) * 1024;
}

// As a command does.
keepCompiled(process.env);
const config = loadConfig(environment);
const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
try {
  const before = process.cpuUsage();
  const began = performance.now();
  const result = await runSync(ctx, directory, {
    mode: "run",
    trigger: "command",
    actor: { organization, kind: "command", id: "bench", requestId: null },
    // Of each page it would cost as much as a tenth of the read.
    onProgress: (phase) => {
      if (phase === "apply" && process.connected) process.send?.(phase);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const said = { seconds, cpu: (user + system) / 1e6, peak: peakBytes(), ...result };
  process.stdout.write(`${JSON.stringify(said)}\n`);
} finally {
  await close();
}
