/** What Chromium is to trace so that the tasks of a page's main thread are in it. */
export const TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"];

/** One event of a trace (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU); times in microseconds. */
type Traced = {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  /** Of the thread's own processor time. */
  tdur?: number;
  args?: { name?: string; data?: { frames?: { processId?: number; parent?: string }[] } };
};

/** Milliseconds by the clock, and of them those on the processor, of the task that took longest by each. */
export type Longest = { wall: number; cpu: number };

/** The longest task of the page's main thread. @throws Error when there is none: then the trace is of something else. */
export function longestTask(trace: Buffer): Longest {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: Traced[] };
  const pages = new Set(
    traceEvents
      .filter(({ name }) => name === "TracingStartedInBrowser")
      .flatMap(({ args }) => args?.data?.frames ?? [])
      .flatMap(({ parent, processId }) => (parent === undefined && processId !== undefined ? [processId] : [])),
  );
  const main = new Set(
    traceEvents
      .filter(({ name, args, pid }) => name === "thread_name" && args?.name === "CrRendererMain" && pages.has(pid))
      .map(threadOf),
  );
  const tasks = traceEvents.filter(
    (event) => event.name === "RunTask" && event.ph === "X" && main.has(threadOf(event)),
  );
  if (tasks.length === 0) throw new Error("the trace has no task of the page's main thread");
  const most = (of: (event: Traced) => number) =>
    tasks.reduce((longest, event) => Math.max(longest, of(event)), 0) / 1_000;
  return { wall: most(({ dur }) => dur ?? 0), cpu: most(({ tdur }) => tdur ?? 0) };
}

const threadOf = ({ pid, tid }: Traced) => `${pid} ${tid}`;
