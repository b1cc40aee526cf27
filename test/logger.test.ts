import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const module = pathToFileURL(resolve(import.meta.dirname, "../src/logger.ts")).href;

/** What a process writes to standard error that logs so and ends at once, to a reader that takes so many seconds to begin. */
function logged(format: string, body: string, readerSleeps = 0): string[] {
  const script = `const { makeLogger, logRequest } = await import(${JSON.stringify(module)});
    const logger = makeLogger({ level: "info", format: ${JSON.stringify(format)} });
    const line = { requestId: "r", method: "GET", path: "/scim", status: 200, duration: 1.5, address: "192.0.2.1" };
    ${body}`;
  const shell = `"$0" --input-type=module -e "$1" 2>&1 >/dev/null | { sleep ${readerSleeps}; cat; }`;
  const { stdout, status } = spawnSync("sh", ["-c", shell, process.execPath, script], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.split("\n").filter((each) => each.includes("/scim"));
}

test("the line of a request is what logger.log would write, and none is lost by a process that ends", () => {
  const lines = logged(
    "json",
    `logger.log("info", "request", line);
     for (let i = 0; i < 1000; i++) logRequest(logger, "info", "request", line);
     logRequest(logger, "debug", "request", line);
     process.exit(3);`,
    1,
  );
  const plain = lines.map((each) => each.replace(/"timestamp":"[^"]+"/, "TIME"));
  expect(plain).toHaveLength(1_001);
  expect(new Set(plain)).toEqual(
    new Set([
      '{"address":"192.0.2.1","duration":1.5,"level":"info","message":"request","method":"GET","path":"/scim","requestId":"r","status":200,TIME}',
    ]),
  );
});

test("a process that fails writes them too, and so does one whose lines are for people", () => {
  expect(logged("json", `logRequest(logger, "info", "request", line); process.exitCode = 3;`)).toHaveLength(1);
  expect(logged("pretty", `logRequest(logger, "info", "request", line);`)).toEqual([
    expect.stringMatching(
      / info {2}request requestId=r method=GET path=\/scim status=200 duration=1.5 address=192.0.2.1$/,
    ),
  ]);
});
