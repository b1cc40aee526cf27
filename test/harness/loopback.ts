/** What a server that a test has started listens on, as Linux tells it (proc(5)): loopback alone is allowed. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

const LISTENING = "0A";
const LOOPBACK_6 = "00000000000000000000000001000000";
const LOOPBACK_4_IN_6 = /^0000000000000000FFFF0000......7F$/;

/** @throws Error naming the addresses of this process, or of those it started, that are not loopback; and when there are none. */
export async function expectLoopback(pid: number): Promise<string[]> {
  const sockets = new Set((await Promise.all((await family(pid)).map(socketsOf))).flat());
  const places = (await Promise.all(["tcp", "tcp6", "udp", "udp6"].map((kind) => listed(kind, sockets)))).flat();
  const open = places.filter(({ isLoopback }) => !isLoopback);
  if (open.length > 0) throw new Error(`it listens beyond this machine: ${open.map(({ place }) => place).join(", ")}`);
  if (places.length === 0) throw new Error(`process ${pid} listens nowhere`);
  return places.map(({ place }) => place);
}

/** The process and all that it has started. */
async function family(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const families = await Promise.all(children.trim().split(" ").filter(Boolean).map(Number).map(family));
  return [pid, ...families.flat()];
}

async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder).catch(() => [])).map((fd) => readlink(join(folder, fd)).catch(() => "")),
  );
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** Sockets of one kind that wait for others: of TCP those that listen, of UDP those that are connected to nobody. */
async function listed(kind: string, sockets: ReadonlySet<string>) {
  const lines = (await readFile(`/proc/net/${kind}`, "utf8").catch(() => "")).split("\n").slice(1);
  return lines.flatMap((line) => {
    const [, local = "", remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
    const waits = kind.startsWith("tcp") ? state === LISTENING : /^0+:0000$/.test(remote);
    if (!waits || !sockets.has(inode)) return [];
    const [address = "", port = ""] = local.split(":");
    const isLoopback =
      address.length === 8 ? address.endsWith("7F") : address === LOOPBACK_6 || LOOPBACK_4_IN_6.test(address);
    return { place: `${kind} ${address}:${Number.parseInt(port, 16)}`, isLoopback };
  });
}
