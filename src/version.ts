import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** Which Muster this is. */
export function version(): string {
  const path = findPackageJSON("..", import.meta.url);
  return path === undefined ? "unknown" : String(JSON.parse(readFileSync(path, "utf8")).version);
}
