import { type Call, type Client, type Measure, merge, type Part } from "./client.ts";
import { type Cpu, cpuBetween } from "./cpu.ts";

/** One who is measured: what it is sent, at every place of an endless row of calls, and how it must answer. */
export type Player = {
  client: Client;
  call(place: number): Call;
  status: number;
  /** Resources on every page that it answers with. */
  rows?: number;
};

/** Both measured within moments of each other. */
export type Round = { one: Measure; other: Measure };

export type Played = {
  rounds: Round[];
  /** Requests of each player in a counted round. */
  requests: number;
  /** Microseconds of processor time of one request, on average over the counted rounds. */
  cpu: Record<"one" | "other", Cpu>;
  /** Requests that each player was sent in all: the first place that nobody has played. */
  places: number;
};

const SLICES = 2;
/** Seconds that a player's turn should take at most; fewer requests tell as much about what is slow. */
const LONGEST_TURN = 3;

/** Requests of each player in a round: whole pairs (do, undo) on every connection, in every slice. */
export function requestsFor(wished: number, connections: number): number {
  const unit = SLICES * connections * 2;
  return Math.max(1, Math.round(wished / unit)) * unit;
}

/**
 * Measures two players in rounds, the first of which is not counted. Within a round they take turns (A B B A, and B A A B
 * in the next), so that whatever else the machine does meets both, and neither always finds it warmer.
 */
export async function playRounds(
  one: Player,
  other: Player,
  plan: { rounds: number; requests: number; signal: AbortSignal; cpu(player: Player): Promise<Cpu> },
): Promise<Played> {
  const rounds: Round[] = [];
  const used: Record<"one" | "other", Cpu[]> = { one: [], other: [] };
  let size = plan.requests / SLICES;
  let places = 0;
  for (let round = 0; round <= plan.rounds; round++) {
    const parts: Record<"one" | "other", Part[]> = { one: [], other: [] };
    for (let slice = 0; slice < SLICES; slice++, places += size) {
      const turns = (round + slice) % 2 === 0 ? (["one", "other"] as const) : (["other", "one"] as const);
      for (const turn of turns) {
        plan.signal.throwIfAborted();
        const player = turn === "one" ? one : other;
        const before = await plan.cpu(player);
        parts[turn].push(await play(player, places, size));
        if (round > 0) used[turn].push(cpuBetween(before, await plan.cpu(player)));
      }
    }
    if (round > 0) rounds.push({ one: merge(parts.one), other: merge(parts.other) });
    else size = affordable(size, Math.max(...[...parts.one, ...parts.other].map((part) => part.seconds)), one.client);
  }
  const requests = size * SLICES;
  const each = (parts: readonly Cpu[], who: keyof Cpu) =>
    Math.round(parts.reduce((sum, part) => sum + part[who], 0) / (requests * plan.rounds));
  const mean = (parts: readonly Cpu[]): Cpu => ({
    server: each(parts, "server"),
    postgres: each(parts, "postgres"),
    client: each(parts, "client"),
  });
  return { rounds, requests, cpu: { one: mean(used.one), other: mean(used.other) }, places };
}

function affordable(size: number, seconds: number, { connections }: Client): number {
  if (seconds <= LONGEST_TURN) return size;
  const unit = connections * 2;
  return Math.max(1, Math.floor((size * LONGEST_TURN) / seconds / unit)) * unit;
}

/** Sends one player the calls of so many places. @throws Error when a page does not hold what it should. */
export async function play(player: Player, first: number, count: number): Promise<Part> {
  const calls = Array.from({ length: count }, (_, place) => player.call(first + place));
  const part = await player.client.measure(calls, player.status);
  if (player.rows !== undefined) {
    const { Resources = [] } = JSON.parse(part.sample) as { Resources?: unknown[] };
    if (Resources.length !== player.rows)
      throw new Error(`${calls[0]?.path}: ${Resources.length} resources instead of ${player.rows}`);
  }
  return part;
}
