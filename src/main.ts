import { runCommand } from "./cli/run.ts";
import { endWithNpm } from "./start/end-with-npm.ts";

// Nobody who runs Muster is helped by a stack trace; whoever develops it sets NODE_OPTIONS=--trace-uncaught.
function lastLine(error: unknown): void {
  process.stderr.write(`muster: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`);
  process.exit(1);
}
process.on("uncaughtException", lastLine);
process.on("unhandledRejection", lastLine);

endWithNpm(process.env);
const code = await runCommand(process.argv.slice(2), process.env);
// The answer may still be on its way into a pipe.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
