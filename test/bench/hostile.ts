import { cpus } from "node:os";
import { freePort } from "../harness/free-port.ts";
import { type Attack, attacks, createRich } from "./attacks.ts";
import type { Call, Client } from "./client.ts";
import { LARGE, loadMuster, makeGroup, musterEnvironment } from "./load-muster.ts";
import type { Options } from "./options.ts";
import { type Run, Server } from "./server.ts";
import { asMarkdown, asText, type Table } from "./table.ts";

/** What one kind of hostile request did; times in milliseconds, the longest seen. */
type Stall = {
  kind: string;
  /** Bytes of the largest request: path and body. */
  bytes: number;
  /** Each status and how often it was answered; 0: the connection was cut. */
  answers: Record<string, number>;
  /** How long the event loop served nobody else: requests one at a time, and on all connections at once. */
  stallAlone: number;
  stallTogether: number;
  /** How long the slowest answer took when sent alone. */
  slowestAnswer: number;
};

export type HostileSummary = {
  longestStall: { milliseconds: number; kind: string };
  attacks: Stall[];
  circumstances: { users: number; rounds: number; connections: number; node: string; cpus: number };
};

type HostileOptions = Pick<Options, "users" | "rounds" | "connections">;

/** Sends every kind of hostile request to one Muster, alone and then many at once, and watches its event loop. */
export async function benchHostile(
  options: HostileOptions,
  run: Run,
  say: (line: string) => void,
): Promise<HostileSummary> {
  const port = await freePort(18081);
  const server = await Server.start(["src/main.ts", "start"], musterEnvironment(run.folder, port), port, run);
  const { client, users } = await loadMuster(run.folder, port, { ...options, boards: 0 }, say);
  const rich = JSON.parse(await client.demand(createRich(), 201)) as { id: string };
  const group = await makeGroup(client, LARGE, users.slice(0, Math.floor(users.length / 2)));
  const stalls: Stall[] = [];
  for (const attack of attacks({ rich: rich.id, user: users[0] ?? "", group, users })) {
    run.signal.throwIfAborted();
    say(attack.kind);
    stalls.push(await measure(server, client, attack, options));
  }
  client.close();
  const longest = stalls.toSorted((one, other) => worst(other) - worst(one))[0];
  if (!longest) throw new Error("nothing was sent");
  const { users: people, rounds, connections } = options;
  return {
    longestStall: { milliseconds: worst(longest), kind: longest.kind },
    attacks: stalls,
    circumstances: { users: people, rounds, connections, node: process.version, cpus: cpus().length },
  };
}

/** Milliseconds after which no more of one kind are sent one after the other, and from which on few are sent at once. */
const ENOUGH = 10_000;
const SLOW = 2_000;
const FEW = 2;

function worst(stall: Stall): number {
  return Math.max(stall.stallAlone, stall.stallTogether);
}

async function measure(server: Server, client: Client, attack: Attack, options: HostileOptions): Promise<Stall> {
  const { rounds, connections } = options;
  const answers: Record<string, number> = {};
  let slowest = 0;
  let bytes = 0;
  const send = async (call: Call) => {
    const before = performance.now();
    const { status } = await client.send(call).catch(() => ({ status: 0 }));
    answers[status] = (answers[status] ?? 0) + 1;
    return performance.now() - before;
  };
  // Made before the watch begins: the client's own work is not Muster's.
  const calls = Array.from({ length: rounds + connections }, (_, place) => {
    const call = attack.call(place);
    const body = typeof call.body === "object" ? JSON.stringify(call.body) : call.body;
    bytes = Math.max(bytes, call.path.length + Buffer.byteLength(body ?? ""));
    return { ...call, ...(body !== undefined && { body }) };
  });
  const alone = await server.watch(async () => {
    const began = performance.now();
    for (const call of calls.slice(0, rounds))
      if (performance.now() - began < ENOUGH) slowest = Math.max(slowest, await send(call));
  });
  const atOnce = slowest > SLOW ? FEW : connections;
  const together = await server.watch(() => Promise.all(calls.slice(rounds, rounds + atOnce).map(send)));
  return {
    kind: attack.kind,
    bytes,
    answers,
    stallAlone: Math.round(alone.longestStall),
    stallTogether: Math.round(together.longestStall),
    slowestAnswer: Math.round(slowest),
  };
}

function table({ attacks: stalls }: HostileSummary): Table {
  return {
    title: "Longest stall of Muster's event loop, in ms",
    head: ["", "bytes", "answers", "alone", "together", "slowest answer"],
    rows: stalls.map((stall) => [
      stall.kind,
      stall.bytes.toLocaleString("en"),
      Object.entries(stall.answers)
        .map(([status, count]) => `${count} × ${status === "0" ? "cut" : status}`)
        .join(", "),
      ...[stall.stallAlone, stall.stallTogether, stall.slowestAnswer].map(String),
    ]),
  };
}

function notes({ circumstances: c, longestStall }: HostileSummary): string {
  return (
    `The longest was ${longestStall.milliseconds} ms (${longestStall.kind}). Measured inside Muster's process ` +
    `(monitorEventLoopDelay, garbage collection included): each request up to ${c.rounds} times alone, then ${c.connections} at once ` +
    `(${FEW} where an answer takes longer than ${SLOW / 1000} s); the slowest answer is to one sent alone. ${c.users.toLocaleString("en")} users; Node ${c.node}; ${c.cpus} processors shared with the ` +
    "client and PostgreSQL, so that the first row, nothing hostile, tells what the machine itself does."
  );
}

/** The summary as a person reads it. */
export function hostileReport(summary: HostileSummary): string {
  return `\n${asText(table(summary))}\n\n${notes(summary)}\n`;
}

/** The page's part on hostile requests. */
export function hostilePart(summary: HostileSummary): string {
  const all = table(summary);
  return [`## ${all.title}`, asMarkdown(all), notes(summary)].join("\n\n");
}
