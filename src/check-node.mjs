// Plain JavaScript on purpose: an old Node cannot even parse the rest, and must still say so in one line.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const tooOld = major < 24 && !(major === 22 && minor >= 18);
if (tooOld || !existsSync(new URL("../node_modules/express", import.meta.url))) {
  const what = tooOld
    ? `Muster needs Node 24 and this is ${process.version}: run "npm ci" first, it brings the right one, then start Muster through npm (npm run -s muster -- …)`
    : 'Muster\'s packages are not installed: run "npm ci" first';
  process.stderr.write(`${what}\n`);
  process.exit(78);
}
