const ASK_EVERY = 500;

/**
 * Whoever stops `npm run muster` means Muster. npm passes SIGINT and SIGTERM on; when it is killed it cannot, so
 * Muster looks whether its parent is still the one that started it, and stops as if told to.
 */
export function endWithNpm(environment: NodeJS.ProcessEnv): void {
  if (environment.npm_lifecycle_event !== "muster") return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, ASK_EVERY);
  timer.unref();
}
