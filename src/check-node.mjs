// Plain JavaScript on purpose: an old Node cannot even parse the rest, and must still say so in one line.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 && !(major === 22 && minor >= 18)) {
  process.stderr.write(
    `Muster needs Node 24 and this is ${process.version}: run "npm ci" first, it brings the right one, then start Muster through npm (npm run -s muster -- …)\n`,
  );
  process.exit(78);
}
