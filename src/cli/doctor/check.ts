/** What was looked at, what was seen, and where something is wrong the way out. */
export type Check = { name: string; state: "ok" | "warning" | "failed"; detail: string };
