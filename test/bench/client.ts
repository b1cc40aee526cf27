import { Agent, request } from "node:http";

export type Call = { method: "GET" | "POST" | "PATCH" | "PUT"; path: string; body?: object | string };
export type Answer = { status: number; text: string };

/** What came of a run of calls: how long it took as a whole, each latency in milliseconds, and the bytes of all bodies. */
export type Part = { seconds: number; latencies: Float64Array; bytes: number; sample: string };

/** Requests a second, milliseconds of latency, and the mean length of an answer's body. */
export type Measure = { perSecond: number; p50: number; p99: number; bytes: number };

/** A SCIM client with so many connections, kept open, one request at a time on each; they share the tokens evenly. */
export class Client {
  readonly #base: URL;
  readonly #tokens: readonly string[];
  readonly #agent: Agent;
  readonly connections: number;

  constructor(baseUrl: string, tokens: readonly string[], connections: number) {
    this.#base = new URL(baseUrl);
    this.#tokens = tokens;
    this.connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Sends one call and keeps the text of its answer. */
  async send(call: Call): Promise<Answer> {
    const chunks: Buffer[] = [];
    const { status } = await this.#exchange(call, 0, (chunk) => chunks.push(chunk));
    return { status, text: Buffer.concat(chunks).toString("utf8") };
  }

  /** As `send`. @throws Error at an answer of another status. */
  async demand(call: Call, status: number): Promise<string> {
    const answer = await this.send(call);
    if (answer.status !== status) throw unexpected(call, answer, status);
    return answer.text;
  }

  /**
   * Sends all the calls, as fast as answers come: connection c sends the calls c, c + connections, … in this order, so
   * that calls so far apart never overtake each other. Throws at the first answer that is not of `status`, so that
   * nothing but work done is ever measured.
   */
  async measure(calls: readonly Call[], status: number): Promise<Part> {
    const latencies = new Float64Array(calls.length);
    let bytes = 0;
    let sample = "";
    const started = performance.now();
    const lane = async (first: number) => {
      for (let place = first; place < calls.length; place += this.connections) {
        const call = calls[place] as Call;
        const kept: Buffer[] = [];
        const before = performance.now();
        const answer = await this.#exchange(call, first, (chunk) => {
          bytes += chunk.length;
          if (place === 0 || kept.length === 0) kept.push(chunk);
        });
        latencies[place] = performance.now() - before;
        if (answer.status !== status)
          throw unexpected(call, { status: answer.status, text: String(kept[0] ?? "") }, status);
        if (place === 0) sample = Buffer.concat(kept).toString("utf8");
      }
    };
    await Promise.all(Array.from({ length: this.connections }, (_, first) => lane(first)));
    return { seconds: (performance.now() - started) / 1000, latencies, bytes, sample };
  }

  #exchange(call: Call, lane: number, onChunk: (chunk: Buffer) => void): Promise<{ status: number }> {
    const body = call.body === undefined || typeof call.body === "string" ? call.body : JSON.stringify(call.body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: this.#base.hostname,
          port: this.#base.port,
          path: this.#base.pathname + call.path,
          method: call.method,
          headers: {
            authorization: `Bearer ${this.#tokens[lane % this.#tokens.length]}`,
            ...(body !== undefined && {
              "content-type": "application/scim+json",
              "content-length": Buffer.byteLength(body),
            }),
          },
        },
        (response) => {
          response.on("data", onChunk);
          response.once("end", () => resolve({ status: response.statusCode ?? 0 }));
          response.once("error", reject);
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function unexpected(call: Call, answer: Answer, status: number): Error {
  const text = answer.text.slice(0, 500);
  return new Error(`${call.method} ${call.path}: ${answer.status} instead of ${status}: ${text}`);
}

/** Several runs of calls as one. */
export function merge(parts: readonly Part[]): Measure {
  const count = parts.reduce((sum, part) => sum + part.latencies.length, 0);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const latencies = new Float64Array(count);
  let filled = 0;
  for (const part of parts) {
    latencies.set(part.latencies, filled);
    filled += part.latencies.length;
  }
  latencies.sort();
  return {
    perSecond: count / seconds,
    p50: latencies[Math.floor(count * 0.5)] ?? 0,
    p99: latencies[Math.floor(count * 0.99)] ?? 0,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0) / count,
  };
}
