import { setTimeout as sleep } from "node:timers/promises";

export type Endpoint = { baseUrl: string; token: string; group: string };

/** What one client was told, and what it tried without ever being told how it ended. */
export type Written = {
  id: string;
  userName: string;
  /** The last acknowledged displayName, and those that were sent after it without an answer. */
  name: string;
  maybeNames: string[];
  /** Acknowledged membership; `maybe` while a change of it has no answer. */
  member: boolean | "maybe";
};

/**
 * Writes over SCIM until told to stop, as a provider does: a request without an answer, or answered 503, is sent again
 * until it has one. Any other answer is a fault of the server's and ends the client with it.
 */
export class KillClient {
  readonly written: Written[] = [];
  acknowledged = 0;
  readonly #endpoint: Endpoint;
  readonly #name: string;
  readonly #random: () => number;
  readonly #stop: AbortSignal;

  constructor(endpoint: Endpoint, name: string, random: () => number, stop: AbortSignal) {
    this.#endpoint = endpoint;
    this.#name = name;
    this.#random = random;
    this.#stop = stop;
  }

  async run(): Promise<void> {
    for (let number = 0; !this.#stop.aborted; number++) {
      const dice = this.#random();
      const known = this.written[Math.floor(this.#random() * this.written.length)];
      if (!known || dice < 0.4) await this.#create(`${this.#name}-${number}`);
      else if (dice < 0.7) await this.#rename(known, `${this.#name} ${number}`);
      else await this.#changeMembership(known, known.member !== true);
    }
  }

  async #create(userName: string): Promise<void> {
    const body = {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName,
      active: true,
      displayName: "new",
    };
    const created = await this.#send("POST", "/Users", body, [201, 409]);
    if (!created) return;
    let id = (created.body as { id?: string }).id;
    if (created.status === 409) {
      // An earlier attempt was committed and its answer lost: a provider now looks the user up.
      const found = await this.#send(
        "GET",
        `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`,
        undefined,
        [200],
      );
      if (!found) return;
      const { Resources } = found.body as { Resources?: { id: string }[] };
      id = Resources?.[0]?.id;
    }
    if (id === undefined) throw new Error(`${userName} is taken and nobody has it`);
    this.written.push({ id, userName, name: "new", maybeNames: [], member: false });
  }

  async #rename(user: Written, name: string): Promise<void> {
    user.maybeNames.push(name);
    const done = await this.#send(
      "PATCH",
      `/Users/${user.id}`,
      patch({ op: "replace", path: "displayName", value: name }),
      [200],
    );
    if (done) Object.assign(user, { name, maybeNames: [] });
  }

  async #changeMembership(user: Written, member: boolean): Promise<void> {
    user.member = "maybe";
    const operation = member
      ? { op: "add", path: "members", value: [{ value: user.id }] }
      : { op: "remove", path: `members[value eq "${user.id}"]` };
    const done = await this.#send("PATCH", `/Groups/${this.#endpoint.group}`, patch(operation), [200, 204]);
    if (done) user.member = member;
  }

  /** Undefined only when told to stop before an answer came. */
  async #send(
    method: string,
    path: string,
    body: unknown,
    expected: readonly number[],
  ): Promise<{ status: number; body: unknown } | undefined> {
    while (!this.#stop.aborted) {
      const answer = await this.#once(method, path, body);
      if (answer && expected.includes(answer.status)) {
        this.acknowledged++;
        return answer;
      }
      if (answer && answer.status !== 503)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await sleep(20 + this.#random() * 50);
    }
    return undefined;
  }

  async #once(method: string, path: string, body: unknown): Promise<{ status: number; body: unknown } | undefined> {
    try {
      const answer = await fetch(this.#endpoint.baseUrl + path, {
        method,
        headers: { authorization: `Bearer ${this.#endpoint.token}`, "content-type": "application/scim+json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
    } catch {
      return undefined;
    }
  }
}

function patch(operation: object): object {
  return { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [operation] };
}
