import { chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyOfEmbedded } from "../harness/copy-of-embedded.ts";
import { isRunning, postmasterOf, type Start, talk, until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

type Said = { ownerUrl: string; lines: string[] };

const home = mkdtempSync(join(tmpdir(), "muster-system-user-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Uses the server of `data` once from its making to its end, and says whom it ran as. */
async function useOnce(
  program: string,
  data: string,
  start: Start & { node?: string } = {},
): Promise<{ uid: number; lines: string[] }> {
  const user = talk(start.node ?? process.execPath, [program, data], { cwd: "/", ...start });
  try {
    const { ownerUrl, lines } = JSON.parse(await user.line(/ownerUrl|error/)) as Said;
    await statements(ownerUrl, ["create table if not exists kept (value int)", "insert into kept values (1)"]);
    const pid = postmasterOf(data) ?? 0;
    const uid = statSync(`/proc/${pid}`).uid;
    user.child.stdin?.end();
    expect(await user.ended).toBe(0);
    expect(isRunning(pid)).toBe(false);
    return { uid, lines };
  } finally {
    user.child.kill("SIGKILL");
    await user.ended;
    await until("PostgreSQL is gone", 30, () => postmasterOf(data) === undefined);
  }
}

const passwd = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
const ordinary = passwd
  .map((line) => line.split(":"))
  .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
const nobody = ordinary.find((user) => user.name === "nobody");
const another = ordinary.find((user) => user.uid > 0 && user.uid !== nobody?.uid);

// What only root can set up; an ordinary user's own case is every other test of the embedded server.
if (process.getuid?.() === 0 && nobody && another) {
  test("as root it runs as nobody, also where root alone can enter checkout and data directory", async () => {
    const checkout = join(home, "closed");
    const program = copyOfEmbedded(checkout, 0o700);
    const data = join(checkout, "data");
    const made = await useOnce(program, data);
    expect(made.uid).toBe(nobody.uid);
    expect(made.lines.join("\n")).toMatch(/does not run as root; it runs as the existing user nobody/);
    expect(made.lines.join("\n")).toMatch(/run from the copy in/);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect((await useOnce(program, data)).uid).toBe(nobody.uid);
  });

  test("as root it runs as the owner of the data directory, and as the owner of the cluster before that", async () => {
    const checkout = join(home, "open");
    const program = copyOfEmbedded(checkout, 0o755);
    const data = join(home, "data-of-another");
    mkdirSync(data, { mode: 0o700 });
    chownSync(data, another.uid, another.gid);
    expect((await useOnce(program, data)).uid).toBe(another.uid);
    chownSync(data, 0, 0);
    expect((await useOnce(program, data)).uid).toBe(another.uid);
  });

  test("an ordinary user has a server of their own, and root can use it later", async () => {
    const checkout = join(home, "for-everybody");
    const program = copyOfEmbedded(checkout, 0o755);
    const node = join(checkout, "node");
    copyFileSync(process.execPath, node);
    for (const path of [home, dirname(home)]) expect(statSync(path).isDirectory()).toBe(true);
    const data = join(home, "data-of-nobody");
    mkdirSync(data, { mode: 0o700 });
    chownSync(data, nobody.uid, nobody.gid);
    chownSync(home, nobody.uid, nobody.gid);
    const made = await useOnce(program, data, { uid: nobody.uid, gid: nobody.gid, node });
    expect(made).toEqual({ uid: nobody.uid, lines: [] });
    expect((await useOnce(program, data)).uid).toBe(nobody.uid);
  });
}

test("whoever runs Muster, no account of the operating system is made", () => {
  const now = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
  expect(now).toEqual(passwd);
});
