/**
 * Debian's slapd, unpacked into the ignored folder `.cache/`: `apt-get download` and `dpkg-deb -x` need no root, install
 * nothing and start no service. Run as a program it prints where slapd is, or why there is none.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../.cache/", import.meta.url));
const UNPACKED = join(CACHE, "slapd");
/** Packages are published for these; a library is only unpacked when the machine lacks it. */
const LIBRARY = /^lib(?!c6$|c-bin$|gcc-s1$)/;

/** One unpacking: its folder, where the packages go, and the options that every call of apt here needs. */
type Work = { folder: string; root: string; apt: string[] };

/**
 * The folder in which Debian's slapd package lies unpacked with the libraries that this machine lacks; unpacked now if it was not.
 * @throws Error in one line when this is no Debian, or the packages cannot be had.
 */
export async function unpackedSlapd(): Promise<string> {
  if (await isUsable(UNPACKED)) return UNPACKED;
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, "slapd-unpacking-"));
  // apt gives root's downloads to its own user, who may not be able to enter our folder.
  const work: Work = {
    folder,
    root: join(folder, "root"),
    apt: process.getuid?.() === 0 ? ["-o", "APT::Sandbox::User=root"] : [],
  };
  try {
    await unpack("slapd", work);
    await addLibraries(work);
    // Several test files may do this at the same moment: the first rename wins and the others use its result.
    await rename(work.root, UNPACKED).catch(async (error: unknown) => {
      if (await isUsable(UNPACKED)) return;
      await rm(UNPACKED, { recursive: true, force: true });
      await rename(work.root, UNPACKED).catch(() => Promise.reject(error));
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return UNPACKED;
}

/** Every folder of an unpacked package that may hold libraries, for LD_LIBRARY_PATH. */
export async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const top of ["usr/lib", "lib"]) {
    const entries = await readdir(join(root, top), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isDirectory() && entry.name.endsWith("-linux-gnu")) folders.push(join(root, top, entry.name));
    }
    folders.push(join(root, top));
  }
  return folders;
}

async function isUsable(root: string): Promise<boolean> {
  return (await missingLibraries(root).catch(() => ["slapd"])).length === 0;
}

/** Libraries that slapd and its database module ask for and neither the machine nor `root` has. */
async function missingLibraries(root: string): Promise<string[]> {
  const env = { ...process.env, LD_LIBRARY_PATH: (await libraryFolders(root)).join(":") };
  const files = [join(root, "usr/sbin/slapd"), join(root, "usr/lib/ldap/back_mdb.so")];
  const missing = new Set<string>();
  for (const file of files) {
    const { stdout } = await run("ldd", [await realpath(file)], { env });
    for (const match of stdout.matchAll(/^\s*(\S+) => not found/gm)) missing.add(match[1] ?? "");
  }
  return [...missing];
}

async function addLibraries(work: Work): Promise<void> {
  const tried = new Set<string>();
  let packages = ["slapd"];
  for (let depth = 0; depth < 4 && (await missingLibraries(work.root)).length > 0; depth++) {
    const wanted = (await dependencies(packages, work)).filter((name) => !tried.has(name));
    if (wanted.length === 0) break;
    for (const name of wanted) {
      tried.add(name);
      if (!(await isInstalled(name))) await unpack(name, work);
    }
    packages = wanted;
  }
  const missing = await missingLibraries(work.root);
  if (missing.length > 0) throw new Error(`Debian's slapd needs libraries that were not found: ${missing.join(", ")}`);
}

async function dependencies(packages: readonly string[], work: Work): Promise<string[]> {
  const { stdout } = await run("apt-cache", [...work.apt, "depends", "--important", ...packages]);
  const names = [...stdout.matchAll(/Depends: (\S+)/g)].map((match) => match[1] ?? "");
  return [...new Set(names)].filter((name) => LIBRARY.test(name));
}

async function isInstalled(name: string): Promise<boolean> {
  const { stdout } = await run("dpkg-query", ["--status", name]).catch(() => ({ stdout: "" }));
  return /^Status: .* installed$/m.test(stdout);
}

async function unpack(name: string, work: Work): Promise<void> {
  const folder = join(work.folder, name);
  await mkdir(folder, { recursive: true });
  await download(name, folder, work);
  const [deb] = (await readdir(folder)).filter((file) => file.endsWith(".deb"));
  if (deb === undefined) throw new Error(`apt-get downloaded no package ${name}`);
  await run("dpkg-deb", ["-x", join(folder, deb), work.root]);
}

/** Only where the machine has no package lists are they fetched, into a private folder that goes away again. */
async function download(name: string, folder: string, work: Work): Promise<void> {
  try {
    await run("apt-get", [...work.apt, "download", name], { cwd: folder });
  } catch (first) {
    if (isMissingProgram(first)) throw new Error("there is no apt-get here");
    try {
      await useOwnLists(work);
      await run("apt-get", [...work.apt, "download", name], { cwd: folder });
    } catch (second) {
      throw new Error(`apt-get could not download ${name}: ${lastLine(second)}`);
    }
  }
}

async function useOwnLists(work: Work): Promise<void> {
  const own = join(work.folder, "apt");
  const lists = join(own, "lists");
  await mkdir(join(lists, "partial"), { recursive: true });
  const places = [`Dir::State=${own}`, `Dir::State::lists=${lists}`, `Dir::Cache=${own}`];
  work.apt.push(...[...places, "Dir::State::status=/var/lib/dpkg/status"].flatMap((place) => ["-o", place]));
  await run("apt-get", [...work.apt, "update"]);
}

function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await unpackedSlapd()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
