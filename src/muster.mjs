#!/usr/bin/env -S node --disable-proto=delete
// The command `muster` of an installed package; `npm run muster` starts the same with the same flags.
import "./check-node.mjs";

await import("./main.ts");
