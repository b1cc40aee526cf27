import pg from "pg";

/** Milliseconds between two attempts to listen. */
const DELAY = 1_000;

/**
 * A connection of its own that hears what committed transactions tell on a channel (NOTIFY). When it is lost it is opened
 * again, for as long as it takes; what was told in between was missed, so `changed` is called for that too.
 */
export class Listener {
  readonly #options: pg.ClientConfig;
  readonly #channel: string;
  readonly #changed: () => void;
  #client: pg.Client | undefined;
  #opening: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #live = false;
  #closed = false;

  /** @param changed called at every notification, and whenever listening has begun or ended. It must not throw. */
  constructor(options: pg.ClientConfig, channel: string, changed: () => void) {
    this.#options = options;
    this.#channel = channel;
    this.#changed = changed;
    this.#opening = this.#open();
  }

  /** Whether everything that is committed from now on will be heard. */
  get live(): boolean {
    return this.#live;
  }

  async #open(): Promise<void> {
    const client = new pg.Client(this.#options);
    this.#client = client;
    const lost = (): void => this.#lose(client);
    client.on("error", lost).on("end", lost);
    client.on("notification", () => this.#changed());
    try {
      await client.connect();
      await client.query(`listen ${pg.escapeIdentifier(this.#channel)}`);
    } catch {
      this.#lose(client);
      return;
    }
    if (this.#client !== client || this.#closed) return;
    this.#live = true;
    this.#changed();
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#live = false;
    this.#changed();
    client.end().catch(() => {});
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#opening = this.#open();
    }, DELAY).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening;
    const client = this.#client;
    this.#client = undefined;
    this.#live = false;
    await client?.end().catch(() => {});
  }
}
