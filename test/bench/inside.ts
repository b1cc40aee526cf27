import type { Session as InspectorSession } from "node:inspector/promises";
import type { monitorEventLoopDelay } from "node:perf_hooks";

/**
 * Loaded into a server before its own code (`--import`), alike on both sides: answers over the IPC channel what only
 * the process itself can know. Does nothing until it is asked.
 */
export type Question = "cpu" | "memory" | "watch" | "watched" | "profile" | "profiled";

/** Bytes: what is held once all garbage is gone, and what was resident before that, then and at most so far. */
export type Memory = { held: number; rss: number; peak: number };

/** How long the event loop did nothing but one thing, at most, in milliseconds. */
export type Watched = { longestStall: number };

let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
let session: InspectorSession | undefined;

async function answer(question: Question): Promise<object> {
  switch (question) {
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return { microseconds: user + system };
    }
    case "memory": {
      const { rss } = process.memoryUsage();
      const peak = process.resourceUsage().maxRSS * 1024;
      const collector = await connect();
      await collector.post("HeapProfiler.collectGarbage");
      collector.disconnect();
      const { heapUsed, external } = process.memoryUsage();
      return { held: heapUsed + external, rss, peak };
    }
    case "watch": {
      const { monitorEventLoopDelay } = await import("node:perf_hooks");
      histogram ??= monitorEventLoopDelay({ resolution: 1 });
      histogram.enable();
      histogram.reset();
      return {};
    }
    case "watched":
      // The timer itself is due every millisecond.
      return { longestStall: Math.max(0, (histogram?.max ?? 0) / 1e6 - 1) };
    case "profile":
      session = await connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.start");
      return {};
    case "profiled": {
      if (!session) throw new Error("no profile was begun");
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      return profile;
    }
  }
}

async function connect(): Promise<InspectorSession> {
  const { Session } = await import("node:inspector/promises");
  const connected = new Session();
  connected.connect();
  return connected;
}

process.on("message", (question: Question) => void answer(question).then((said) => process.send?.(said)));
// Being asked must not keep a server running that was told to stop.
process.channel?.unref();
