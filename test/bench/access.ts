import { cpus } from "node:os";
import { loadConfig } from "../../src/config.ts";
import type { GrantId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { explain } from "../../src/identity/access/explain.ts";
import { grantRole, revokeGrant } from "../../src/identity/grants.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { makeLogger } from "../../src/logger.ts";
import { openContext } from "../../src/start/open-context.ts";
import { type AccessWorld, loadAccessWorld } from "./access-world.ts";
import { cpuOfPostgres } from "./cpu.ts";
import { accessChanges, databaseFacts, tidy, withPostgres } from "./database.ts";
import type { Options } from "./options.ts";

/** One turn: milliseconds by the clock, and of PostgreSQL's processor time; of a read, each of one. */
type Turn = { ms: number; postgres: number };

export const GRANTS = ["made", "changed", "revoked"] as const;
export const READS = ["explained", "shown", "previewed"] as const;
export type GrantKind = (typeof GRANTS)[number];
export type ReadKind = (typeof READS)[number];

/** A round's turns of each; `written` is the bare write, `read` the bare read. */
export type AccessRound = Record<GrantKind | ReadKind | "written" | "read", Turn[]>;

export type AccessSummary = {
  accounts: number;
  members: number;
  /** Paths to a role that the people who are explained have, on average. */
  paths: number;
  rounds: AccessRound[];
  circumstances: { node: string; cpus: number; cpuModel: string; postgres: Record<string, string> };
};

/** Reads of one kind in a turn, one after the other. */
const IN_A_TURN = 500;

/**
 * What a grant on half of an organization costs beside bare inserts of as many rows, and what an explanation and a seat preview
 * cost beside a bare read by key through the same pool. Muster's own functions, in transactions as the API has them.
 */
export async function benchAccess(
  options: Options,
  run: { folder: string; signal: AbortSignal },
  say: (line: string) => void,
): Promise<AccessSummary> {
  const config = loadConfig({ MUSTER_DATA_DIR: `${run.folder}/data` });
  return withPostgres(run.folder, async ({ superuser }) => {
    const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
    try {
      const world = await loadAccessWorld(ctx, options.users, say);
      await tidy(superuser);
      const bench = new Bench(ctx, world, superuser, run);
      const rounds: AccessRound[] = [];
      for (let number = 0; number <= options.rounds; number++) {
        say(number === 0 ? "a round that is not counted" : `round ${number}`);
        const round = await bench.round(number);
        if (number > 0) rounds.push(round);
      }
      return {
        accounts: world.accounts.length,
        members: world.members,
        paths: bench.pathsOfOne,
        rounds,
        circumstances: {
          node: process.version,
          cpus: cpus().length,
          cpuModel: cpus()[0]?.model ?? "unknown",
          postgres: await databaseFacts(superuser),
        },
      };
    } finally {
      await close();
    }
  });
}

class Bench {
  readonly #ctx: Awaited<ReturnType<typeof openContext>>["ctx"];
  readonly #world: AccessWorld;
  readonly #superuser: string;
  readonly #run: { folder: string; signal: AbortSignal };
  #place = 0;
  #paths = { people: 0, found: 0 };

  constructor(
    ctx: Awaited<ReturnType<typeof openContext>>["ctx"],
    world: AccessWorld,
    superuser: string,
    run: { folder: string; signal: AbortSignal },
  ) {
    this.#ctx = ctx;
    this.#world = world;
    this.#superuser = superuser;
    this.#run = run;
  }

  get pathsOfOne(): number {
    return this.#paths.found / this.#paths.people;
  }

  async round(number: number): Promise<AccessRound> {
    const round: AccessRound = {
      made: [],
      changed: [],
      revoked: [],
      written: [],
      explained: [],
      shown: [],
      previewed: [],
      read: [],
    };
    await this.#grants(number, round);
    await this.#reads(number, round);
    return round;
  }

  /** A B B A, and B A A B in the next round; making and taking away stand around them, once a round. */
  async #grants(number: number, round: AccessRound): Promise<void> {
    const { large: group, granted: product } = this.#world;
    let grant: GrantId | undefined;
    round.made.push(
      await this.#grantTurn(async (tx) => {
        grant = (await grantRole(tx, { group, product, role: "user" })).id;
      }),
    );
    const roles = ["admin", "user"] as const;
    const changed = async () => {
      const role = roles[round.changed.length] as "admin" | "user";
      round.changed.push(await this.#grantTurn((tx) => grantRole(tx, { group, product, role })));
    };
    const written = async () => void round.written.push(await this.#bareTurn());
    const [a, b] = number % 2 === 0 ? [changed, written] : [written, changed];
    for (const turn of [a, b, b, a]) {
      // Every turn finds the tables as autovacuum leaves them.
      await tidy(this.#superuser);
      await turn();
    }
    round.revoked.push(await this.#grantTurn((tx) => revokeGrant(tx, grant as GrantId)));
    await tidy(this.#superuser);
  }

  /** @throws Error when not exactly the group's members noticed. */
  async #grantTurn(work: (tx: Tx) => Promise<unknown>): Promise<Turn> {
    const before = await accessChanges(this.#superuser);
    const turn = await this.#turn(() => inTransaction(this.#ctx, this.#world.actor, work, { lock: "exclusive" }));
    const noticed = (await accessChanges(this.#superuser)) - before;
    if (noticed !== this.#world.members) throw new Error(`${noticed} of ${this.#world.members} members noticed`);
    return turn;
  }

  /** As many rows in the same three tables, on a connection of the same role and pool; taken out of `access` again afterwards. */
  async #bareTurn(): Promise<Turn> {
    const { actor, organization, members, large, free } = this.#world;
    const detail = { product: free, role: "admin", state: "live", liveUntil: null, domainLimited: false };
    const told = JSON.stringify({ ...detail, before: { role: "user", state: "live", liveUntil: null } });
    const people = "from accounts where organization = $1 order by id limit $2";
    const client = await this.#ctx.db.checkOut(organization);
    try {
      return await this.#turn(async () => {
        await client.query("begin");
        await client.query(
          `insert into access (organization, account, product, role, state, domain_limited, directory_user, group_id, grant_id,
             admitted_at, updated_at)
           select organization, id, $3, 'admin', 'live', false, canonical, $4, $4, now(), now() ${people}`,
          [organization, members, free, large],
        );
        await client.query(
          `insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
           select organization, $3, null, null, 'access.changed', 'account', id, $4::jsonb ${people}`,
          [organization, members, actor.kind, told],
        );
        await client.query(
          `insert into outbox (organization, kind, subject_kind, subject, data)
           select organization, 'access.changed', 'account', id, $3::jsonb ${people}`,
          [organization, members, told],
        );
        await client.query("commit");
      });
    } finally {
      await client.query("delete from access where organization = $1 and product = $2", [organization, free]);
      client.release();
    }
  }

  async #reads(number: number, round: AccessRound): Promise<void> {
    const { organization, previewed } = this.#world;
    // Both sides come by Muster's own pool, as a program around the bare statement would by its.
    const db = this.#ctx.db.of(organization);
    const text =
      "select id, user_name, email, display_name, canonical from accounts where organization = $1 and id = $2";
    const read = async (): Promise<Turn> =>
      this.#many(async () => {
        const rows = await db.query({ name: "bare", text, values: [organization, this.#someone()] });
        if (rows.length !== 1) throw new Error("nobody was read");
      });
    const one: Record<ReadKind, () => Promise<unknown>> = {
      explained: async () => {
        this.#paths.people++;
        this.#paths.found += (await explain(db, [this.#someone()])).length;
      },
      shown: () => accessOf(db, this.#someone()),
      previewed: () => countSeats(db, [previewed]),
    };
    for (const kind of READS) {
      const asked = async () => void round[kind].push(await this.#many(one[kind]));
      const bare = async () => void round.read.push(await read());
      const [a, b] = number % 2 === 0 ? [asked, bare] : [bare, asked];
      for (const turn of [a, b, b, a]) await turn();
    }
  }

  /** People from all over the organization, another one each time. */
  #someone() {
    const { accounts } = this.#world;
    return accounts[(this.#place++ * 7_919) % accounts.length] as AccessWorld["accounts"][number];
  }

  async #many(work: () => Promise<unknown>): Promise<Turn> {
    const { ms, postgres } = await this.#turn(async () => {
      for (let count = 0; count < IN_A_TURN; count++) await work();
    });
    return { ms: ms / IN_A_TURN, postgres: postgres / IN_A_TURN };
  }

  async #turn(work: () => Promise<unknown>): Promise<Turn> {
    this.#run.signal.throwIfAborted();
    const [cpu, clock] = [cpuOfPostgres(this.#run.folder), performance.now()];
    await work();
    return { ms: performance.now() - clock, postgres: (cpuOfPostgres(this.#run.folder) - cpu) / 1000 };
  }
}
