import type pg from "pg";

/** Statements without a name of their own that one connection keeps prepared at most. */
const MOST = 64;

/**
 * Keeps statements prepared that are known by their text alone, as the lists of many requests are: on each connection the
 * ones used last, so that no choice of filters makes a connection grow.
 */
export class PreparedTexts {
  readonly #of = new WeakMap<pg.PoolClient, { names: Map<string, string>; made: number }>();

  /**
   * The name under which the connection keeps `text`.
   * Before: nobody else uses the connection. After: it holds at most 64 such statements, this one as the latest.
   */
  async nameOf(client: pg.PoolClient, text: string): Promise<string> {
    let held = this.#of.get(client);
    if (!held) {
      held = { names: new Map(), made: 0 };
      this.#of.set(client, held);
    }
    const { names } = held;
    const known = names.get(text);
    if (known !== undefined) {
      // The map is in the order of use.
      names.delete(text);
      names.set(text, known);
      return known;
    }
    for (const [oldText, oldName] of names) {
      if (names.size < MOST) break;
      names.delete(oldText);
      await forget(client, oldName);
    }
    // Never a name twice: what a connection forgot must not be taken for what it holds.
    const name = `text-${++held.made}`;
    names.set(text, name);
    return name;
  }
}

async function forget(client: pg.PoolClient, name: string): Promise<void> {
  // pg remembers the text of every statement it ever prepared.
  const { connection } = client as { connection?: { parsedStatements?: Record<string, string> } };
  const prepared = connection?.parsedStatements;
  if (prepared?.[name] === undefined) return;
  delete prepared[name];
  await client.query(`deallocate "${name}"`);
}
