import { createHash, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { freePort } from "../harness/free-port.ts";
import { Client } from "./client.ts";
import { type Connections, inDatabase } from "./database.ts";
import { DEPARTMENTS, departmentName, type MusterSide, type Sizes } from "./load-muster.ts";
import { type Run, Server } from "./server.ts";
import { userBody } from "./traffic.ts";

export type BareSide = { client: Client; users: string[]; groups: string[]; server: Server };

const BATCH = 5_000;

/** The bare server's tables in the same database, as many people there, and the server, under a path as long as Muster's. */
export async function loadBare(
  connections: Connections,
  muster: MusterSide,
  sizes: Sizes & { poolSize: number },
  run: Run,
): Promise<BareSide> {
  const port = await freePort(18080);
  const baseUrl = `http://127.0.0.1:${port}${muster.path}`;
  const tokens = muster.tokens.map((token) => `${token.slice(0, -6)}${token.slice(0, 6)}`);
  const users = await inDatabase(connections.superuser, async (client) => {
    await client.query(`
      create schema bare;
      create table bare.tokens (hash bytea primary key, directory uuid not null);
      create table bare.users (directory uuid, id uuid, user_name_key text not null, resource jsonb not null,
        primary key (directory, id), unique (directory, user_name_key));
      create table bare.members (group_id uuid, member uuid, primary key (group_id, member));
      grant usage on schema bare to muster_app;
      grant select, insert, update, delete on all tables in schema bare to muster_app`);
    const directory = randomUUID();
    for (const token of tokens)
      await client.query("insert into bare.tokens values ($1, $2)", [hashOf(token), directory]);
    const ids: string[] = [];
    for (let first = 0; first < sizes.users; first += BATCH) {
      const made = Array.from({ length: Math.min(BATCH, sizes.users - first) }, (_, place) =>
        documentOf(first + place, baseUrl),
      );
      await client.query(
        `insert into bare.users (directory, id, user_name_key, resource)
          select $1, i.id, i.name, i.resource from unnest($2::uuid[], $3::text[], $4::jsonb[]) as i (id, name, resource)`,
        [
          directory,
          made.map((each) => each.id),
          made.map((each) => each.userName),
          made.map((each) => JSON.stringify(each)),
        ],
      );
      ids.push(...made.map((each) => each.id));
    }
    return ids;
  });
  const server = await Server.start(
    [fileURLToPath(import.meta.resolve("./bare-server.ts"))],
    {
      BARE_DATABASE_URL: connections.app,
      BARE_PORT: String(port),
      BARE_PATH: muster.path,
      BARE_POOL_SIZE: String(sizes.poolSize),
      NODE_ENV: "production",
    },
    port,
    run,
  );
  const client = new Client(baseUrl, tokens, sizes.connections);
  return { client, users, groups: muster.departments.map(() => randomUUID()), server };
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** What the bare server stores of the same body, with the person's group inside, where Muster finds it in another table. */
function documentOf(place: number, baseUrl: string) {
  const id = orderedId(place);
  const now = new Date().toISOString();
  const department = place % DEPARTMENTS;
  const group = groupId(department);
  return {
    ...userBody(place),
    id,
    groups: [{ value: group, $ref: `${baseUrl}/Groups/${group}`, display: departmentName(department), type: "direct" }],
    meta: {
      resourceType: "User",
      created: now,
      lastModified: now,
      version: 'W/"1"',
      location: `${baseUrl}/Users/${id}`,
    },
  };
}

/** Ids that grow with the number, as those of rows inserted one after the other do. */
function orderedId(place: number): string {
  const clock = (1_700_000_000_000 + place).toString(16).padStart(12, "0").replace(/.{8}/, "$&-");
  return `${clock}-7${randomUUID().slice(15)}`;
}

function groupId(department: number): string {
  return `00000000-0000-4000-8000-${String(department).padStart(12, "0")}`;
}
