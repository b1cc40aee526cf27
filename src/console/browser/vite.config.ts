import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { helpPages } from "./help.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const WORTH_IT = /\.(?:js|css|svg)$/;

/** Files are sent as they stand on the disk: each text of them stands there compressed too. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const folder = join(ROOT, "dist", "console", "console");
      for (const name of readdirSync(folder)) {
        if (!WORTH_IT.test(name)) continue;
        const bytes = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        writeFileSync(
          join(folder, `${name}.br`),
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), helpPages(ROOT), compressed()],
  build: {
    outDir: join(ROOT, "dist", "console"),
    emptyOutDir: true,
    assetsDir: "console",
    // Nothing stands in a page or a style sheet as data: what the content policy allows are files.
    assetsInlineLimit: 0,
    target: "es2023",
    // What is loaded first is held at 350 kB, compressed, by a test.
    chunkSizeWarningLimit: 1_000,
    modulePreload: { polyfill: false },
  },
});
