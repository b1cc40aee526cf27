import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const MARK = join(ROOT, "dist", "console", ".sources");

/** Builds the console for users unless what is built was made of these very sources. */
export function buildConsole(): void {
  const sources = sourcesOf();
  if (existsSync(MARK) && readFileSync(MARK, "utf8") === sources) return;
  execFileSync(
    process.execPath,
    ["node_modules/vite/bin/vite.js", "build", "--config", "src/console/browser/vite.config.ts", "--logLevel", "error"],
    // As users have it: a test runner's own environment would make a build for developers.
    { cwd: ROOT, env: { ...process.env, NODE_ENV: "production" }, stdio: ["ignore", "ignore", "inherit"] },
  );
  writeFileSync(MARK, sources);
}

function sourcesOf(): string {
  const hash = createHash("sha256").update("production");
  for (const file of globSync("{src/console/**/*,docs/**/*.md,package-lock.json}", { cwd: ROOT, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort())
    hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}
