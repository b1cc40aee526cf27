import { startEmbedded } from "../../src/db/embedded/start.ts";

// A process that uses a data directory's PostgreSQL: prints one line of JSON when it does, leaves when its input ends.
const lines: string[] = [];
try {
  const embedded = await startEmbedded(process.argv[2] ?? "", { log: (line) => lines.push(line) });
  const { appUrl, ownerUrl, superuserUrl } = embedded;
  process.stdout.write(`${JSON.stringify({ appUrl, ownerUrl, superuserUrl, lines })}\n`);
  for await (const _ of process.stdin);
  await embedded.leave();
  process.stdout.write(`${JSON.stringify({ left: true })}\n`);
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = 1;
}
