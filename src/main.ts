import { keepCompiled } from "./start/compiled.ts";
import { endWithNpm } from "./start/end-with-npm.ts";

// Nobody who runs Muster is helped by a stack trace; whoever develops it sets NODE_OPTIONS=--trace-uncaught.
function lastLine(error: unknown): void {
  process.stderr.write(`muster: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`);
  process.exit(1);
}
process.on("uncaughtException", lastLine);
process.on("unhandledRejection", lastLine);

endWithNpm(process.env);
keepCompiled(process.env);
const { runCommand } = await import("./cli/run.ts");
const code = await runCommand(process.argv.slice(2), process.env);
// Told by the callback below.
process.stdout.on("error", () => {});
// The answer may still be on its way into a pipe.
process.stdout.write("", (error) => {
  const lost = (error as NodeJS.ErrnoException | null | undefined)?.code;
  // Who reads no further (`| head`) has all that he wanted; a full disk keeps the answer from him.
  if (lost !== undefined && lost !== "EPIPE") lastLine(new Error(`the answer could not be written (${lost})`));
  process.stderr.write("", () => process.exit(code));
});
