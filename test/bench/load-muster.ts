import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { type DirectoryId, type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import type { DirectoryUserInput } from "../../src/identity/directory-users/directory-user.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { listSites } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { makeLogger } from "../../src/logger.ts";
import { openContext } from "../../src/start/open-context.ts";
import { Client } from "./client.ts";
import { inDatabase } from "./database.ts";
import { addMembers, createGroup, createUser, getUser, numberOf, userBody } from "./traffic.ts";

export type Sizes = { users: number; connections: number; boards: number };

/** Muster with its population: ids in the order of the people's numbers. */
export type MusterSide = {
  client: Client;
  tokens: string[];
  path: string;
  users: string[];
  /** Everybody is in one of them, and has access to a product through it. */
  departments: string[];
};

export const DEPARTMENTS = 50;
/** Groups of one board; each gives access to the board's product. */
export const TEAMS = 16;
/** One token may make 3,000 requests a second: connections share several, as several provisioning jobs would. */
export const TOKENS = 4;
/** The last so many users come over SCIM; that the others are stored alike is checked. */
const OVER_SCIM = 1_000;
const BATCH = 1_000;

export const departmentName = (place: number) => `Department ${String(place).padStart(2, "0")}`;
export const teamName = (board: number, team: number) => `Board ${board} Team ${String(team).padStart(2, "0")}`;
export const LARGE = "Large group";
export const SMALL = "Small group";

export function musterEnvironment(folder: string, port: number): Record<string, string> {
  return { MUSTER_DATA_DIR: join(folder, "data"), MUSTER_LISTEN: `127.0.0.1:${port}` };
}

/**
 * An organization with one SCIM directory of so many people, each in one department with access to a product. The
 * records go in through Muster's own rules, a batch a transaction, but the last of them, which come over SCIM.
 */
export async function loadMuster(
  folder: string,
  port: number,
  sizes: Sizes,
  say: (line: string) => void,
): Promise<MusterSide> {
  const config = loadConfig(musterEnvironment(folder, port));
  const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
  try {
    const { organization, directory, tokens } = await setUp(ctx, sizes.boards);
    const path = `/scim/v2/${directory}`;
    const client = new Client(`http://127.0.0.1:${port}${path}`, tokens, sizes.connections);
    const overScim = Math.min(OVER_SCIM, Math.ceil(sizes.users / 2));
    say(`loading ${sizes.users} users into Muster`);
    const actor: Actor = { organization, kind: "scim-token", id: null, requestId: null };
    const users = await insertUsers(ctx, actor, directory, sizes.users - overScim);
    for (let place = users.length; place < sizes.users; place += sizes.connections)
      users.push(...(await postUsers(client, place, Math.min(sizes.users, place + sizes.connections))));
    await requireAlike(client, users);
    say(`putting them into ${DEPARTMENTS} groups`);
    const departments: string[] = [];
    for (let place = 0; place < DEPARTMENTS; place++)
      departments.push(await makeGroup(client, departmentName(place), membersOf(users, place)));
    return { client, tokens, path, users, departments };
  } finally {
    await close();
  }
}

/** Department d has the users d, d + 50, …; both sides say so of everybody. */
function membersOf(users: readonly string[], department: number): string[] {
  return users.filter((_, place) => place % DEPARTMENTS === department);
}

async function setUp(ctx: Context, boards: number) {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      await createOrganization(tx, { key: "bench" });
      const [site] = await listSites(tx);
      if (!site) throw new Error("an organization has a site");
      const { id: directory } = await addDirectory(tx, { name: "okta", kind: "scim" });
      const grant = async (key: string, names: readonly string[]) => {
        const { id: product } = await createProduct(tx, site, { key });
        for (const name of names) await grantRole(tx, { group: { directory, name }, product, role: "user" });
      };
      await grant(
        "wiki",
        Array.from({ length: DEPARTMENTS }, (_, place) => departmentName(place)),
      );
      await grant("drive", [LARGE, SMALL]);
      for (let board = 0; board < boards; board++)
        await grant(
          `board-${board}`,
          Array.from({ length: TEAMS }, (_, team) => teamName(board, team)),
        );
      const tokens: string[] = [];
      for (let count = 0; count < TOKENS; count++) tokens.push((await createToken(tx, { directory })).token);
      return { organization, directory, tokens };
    },
    { lock: "exclusive" },
  );
}

/** So many people through Muster's own rules, a batch a transaction; the ids of their records in the order of their numbers. */
export async function insertUsers(
  ctx: Context,
  actor: Actor,
  directory: DirectoryId,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < count; first += BATCH) {
    const inputs = Array.from({ length: Math.min(BATCH, count - first) }, (_, place) => recordOf(first + place));
    await inTransaction(ctx, actor, (tx) => insertDirectoryUsers(tx, directory, inputs));
    ids.push(...inputs.map((input) => input.id));
  }
  return ids;
}

/** The record that a POST of the same body makes. */
function recordOf(place: number): DirectoryUserInput {
  const { schemas: _, externalId, userName, active, ...resource } = userBody(place);
  return {
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId,
    userName,
    active,
    email: userName,
    displayName: resource.displayName,
    resource,
    contentHash: null,
  };
}

async function postUsers(client: Client, first: number, end: number): Promise<string[]> {
  const answers = Array.from({ length: end - first }, (_, place) => client.demand(createUser(first + place), 201));
  return (await Promise.all(answers)).map(idOf);
}

/** A group with its members, some thousands a request. */
export async function makeGroup(client: Client, name: string, members: readonly string[]): Promise<string> {
  const size = 5_000;
  const group = idOf(await client.demand(createGroup(name, members.slice(0, size)), 201));
  for (let first = size; first < members.length; first += size)
    await client.demand(addMembers(group, members.slice(first, first + size)), 204);
  return group;
}

function idOf(text: string): string {
  return (JSON.parse(text) as { id: string }).id;
}

/** Served alike: what came in bulk and what came over SCIM differ in ids, numbers and times alone. */
async function requireAlike(client: Client, users: readonly string[]): Promise<void> {
  const faces = new Set<string>();
  for (const place of [0, 1, 17, users.length - 2, users.length - 1]) {
    const id = users[place] ?? "";
    const text = await client.demand(getUser(id), 200);
    const plain = text.replaceAll(id, "ID").replaceAll(numberOf(place), "NUMBER");
    faces.add(plain.replaceAll(/"(created|lastModified)":"[^"]*"/g, '"$1":"TIME"'));
  }
  if (faces.size > 1) throw new Error(`bulk and SCIM differ: ${[...faces].join(" and ")}`);
}

/** Stored alike: all records, and all accounts, differ in nothing but ids, numbers and times. */
export async function requireStoredAlike(superuser: string): Promise<void> {
  const own = "'{id,account,canonical,last_canonical,created_at,updated_at}'::text[]";
  await inDatabase(superuser, async (client) => {
    for (const table of ["directory_users", "accounts"]) {
      const { rows } = await client.query<{ forms: number }>(`
        select count(distinct replace((to_jsonb(t) - ${own})::text, substr(user_name, 6, 7), 'NUMBER'))::int as forms
        from muster.${table} t`);
      if (rows[0]?.forms !== 1) throw new Error(`rows of ${table} are not what SCIM would have stored`);
    }
  });
}
