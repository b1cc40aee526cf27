import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { JSONInstruction } from "dockerfile-ast";
import { afterAll, expect, test } from "vitest";
import { serverUser } from "../../src/db/embedded/system-user.ts";
import { instructions, jsonOf, root, words, wordsOf } from "../container/dockerfile.ts";
import { freePort } from "../harness/free-port.ts";
import { talk, until } from "../harness/process.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-container-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the Dockerfile's steps, done by an ordinary user in an empty folder, make a Muster that answers", async () => {
  const home = join(folder, "node");
  mkdirSync(home);
  const user = serverUser(folder, home);
  chmodSync(folder, 0o755);
  if (user) chownSync(home, user.uid, user.gid);
  const here = (text: string): string => text.replaceAll("/home/node", home);
  // npm reaches its registry by what the machine says of proxies and authorities.
  const as = {
    env: { ...surroundings(), HOME: home, TMPDIR: home },
    ...(user && { uid: user.uid, gid: user.gid }),
  };
  const settings = process.env.npm_config_userconfig ?? join(homedir(), ".npmrc");
  if (existsSync(settings)) cpSync(settings, join(home, ".npmrc"));
  if (user && existsSync(settings)) chownSync(join(home, ".npmrc"), user.uid, user.gid);
  let place = "/";
  for (const instruction of instructions) {
    const said = words(instruction);
    const keyword = instruction.getKeyword();
    if (keyword === "RUN") {
      const step = talk("/bin/sh", ["-c", here(instruction.getArgumentsContent() ?? "")], { ...as, cwd: place });
      expect(await step.ended, step.err()).toBe(0);
    } else if (keyword === "WORKDIR") place = here(said[0] ?? "");
    else if (keyword === "COPY") {
      const flags = instruction instanceof JSONInstruction ? instruction.getFlags() : [];
      expect(flags.map(String)).toEqual(["--chown=node:node"]);
      copy(said, place, user);
    } else expect(["FROM", "USER", "ENV", "EXPOSE", "VOLUME", "HEALTHCHECK", "ENTRYPOINT", "CMD"]).toContain(keyword);
  }
  expect(wordsOf("USER")).toEqual([["node"]]);
  const entry = jsonOf("ENTRYPOINT");
  const port = await freePort();
  const running = talk(process.execPath, [...entry.slice(1), ...jsonOf("CMD")], {
    ...as,
    cwd: place,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: home,
      MUSTER_LISTEN: `127.0.0.1:${port}`,
      MUSTER_LOG_LEVEL: "error",
    },
  });
  try {
    await running.line(/^Muster is ready/);
    await until("readiness", 30, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
  } finally {
    running.child.kill("SIGTERM");
    await running.ended;
  }
});

function copy(paths: readonly string[], place: string, user: { uid: number; gid: number } | undefined): void {
  const target = join(place, paths.at(-1) ?? "");
  for (const path of paths.slice(0, -1)) {
    const to = paths.length > 2 ? join(target, path) : target;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, path), to, { recursive: true });
  }
  // As --chown has it, with everything in it.
  if (user) execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, place]);
}

const FOLDERS = /^npm_config_(cache|prefix|local_prefix|userconfig|init_module)$/;

/** The environment without what an npm that calls these tests says of its own folders, which are another user's. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOLDERS.test(name)));
}
