import { Agent, request } from "node:http";

export type Call = { method: "GET" | "POST" | "PATCH"; path: string; body?: object };
export type Answer = { status: number; text: string };

/** Requests a second and milliseconds of latency of one run of calls; `bytes` is the mean length of an answer's body. */
export type Measure = { perSecond: number; p50: number; p99: number; bytes: number };

/** A SCIM client with so many connections, kept open, one request at a time on each. */
export class Client {
  readonly #base: URL;
  readonly #token: string;
  readonly #agent: Agent;
  readonly connections: number;

  constructor(baseUrl: string, token: string, connections: number) {
    this.#base = new URL(baseUrl);
    this.#token = token;
    this.connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(call: Call): Promise<Answer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: this.#base.hostname,
          port: this.#base.port,
          path: this.#base.pathname + call.path,
          method: call.method,
          headers: {
            authorization: `Bearer ${this.#token}`,
            ...(body && { "content-type": "application/scim+json", "content-length": Buffer.byteLength(body) }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
          response.once("error", reject);
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }

  /**
   * Sends all the calls over all connections, as fast as answers come. Throws at the first answer that is not of
   * `status`, so that nothing but work done is ever measured.
   */
  async measure(calls: readonly Call[], status: number): Promise<Measure & { answers: string[] }> {
    const answers = new Array<string>(calls.length);
    const latencies = new Float64Array(calls.length);
    let next = 0;
    const started = performance.now();
    const connection = async () => {
      for (let place = next++; place < calls.length; place = next++) {
        const call = calls[place] as Call;
        const before = performance.now();
        const answer = await this.send(call);
        latencies[place] = performance.now() - before;
        if (answer.status !== status)
          throw new Error(`${call.method} ${call.path}: ${answer.status} instead of ${status}: ${answer.text}`);
        answers[place] = answer.text;
      }
    };
    await Promise.all(Array.from({ length: this.connections }, connection));
    const seconds = (performance.now() - started) / 1000;
    latencies.sort();
    return {
      perSecond: calls.length / seconds,
      p50: latencies[Math.floor(calls.length * 0.5)] ?? 0,
      p99: latencies[Math.floor(calls.length * 0.99)] ?? 0,
      bytes: answers.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / calls.length,
      answers,
    };
  }

  close(): void {
    this.#agent.destroy();
  }
}
