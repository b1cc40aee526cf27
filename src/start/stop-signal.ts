import type { Logger } from "../logger.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** npm hands a terminal's Ctrl-C on to a process that has already got it: a second signal so soon is the same one. */
const SAME_SIGNAL = 1_000;

/** The wish to stop, from the moment of the call on: a signal during the start is not lost. */
export function stopSignal(logger: Logger): {
  received: Promise<void>;
  /** Runs `impatient` when another signal comes while Muster drains. */
  again(impatient: () => void): void;
  forget(): void;
} {
  const first = Promise.withResolvers<void>();
  let receivedAt: number | undefined;
  let onSecond = (): void => {};
  const listener = (signal: NodeJS.Signals): void => {
    if (receivedAt === undefined) {
      receivedAt = Date.now();
      logger.info("stopping: running requests may end", { signal });
      first.resolve();
    } else if (Date.now() - receivedAt > SAME_SIGNAL) onSecond();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    received: first.promise,
    again: (impatient) => {
      onSecond = impatient;
    },
    forget: () => {
      for (const signal of SIGNALS) process.removeListener(signal, listener);
    },
  };
}
