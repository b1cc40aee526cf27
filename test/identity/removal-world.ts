import { createHash } from "node:crypto";
import type { Context } from "../../src/context.ts";
import {
  type AccountId,
  type DirectoryId,
  type DirectoryUserId,
  type GroupId,
  newId,
  type OrganizationId,
  type ProductId,
} from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import type { DirectoryUserInput } from "../../src/identity/directory-users/directory-user.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import type { TestDatabase } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { person } from "../mail/world.ts";

export type Member = DirectoryUserInput & { account: AccountId };

/** A SCIM directory whose token writes through it, with a group that gives access to a product. */
export type Pushing = {
  id: DirectoryId;
  name: string;
  group: GroupId;
  people: Member[];
  /** A change as a request with the directory's token makes it. */
  push<T>(work: (tx: Tx) => Promise<T>, lock?: OrganizationLock): Promise<T>;
  /** More people with access by the group. */
  grow(count: number, names?: string): Promise<Member[]>;
  deactivate(...members: Member[]): Promise<unknown>;
  activate(...members: Member[]): Promise<unknown>;
  /** Who counts as lost through it, by user name. */
  counted(): Promise<string[]>;
};

export type RemovalWorld = Awaited<ReturnType<typeof removalWorld>>;

let worlds = 0;

/** An organization with a product, and SCIM directories full of people who have access to it. */
export async function removalWorld(ctx: Context & { database: TestDatabase }) {
  const organization = newId<OrganizationId>();
  const key = `removals-${++worlds}`;
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const db = ctx.db.of(organization);
  const act = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive") =>
    inTransaction(ctx, actor, work, { lock });
  const product: ProductId = await act(async (tx) => {
    await createOrganization(tx, { key });
    return (await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" })).id;
  });
  const owner = (...texts: string[]) => statements(ctx.database.superuserUrl, ["set search_path = muster", ...texts]);

  return {
    organization,
    key,
    actor,
    db,
    act,
    owner,
    product,
    async directory(name = "okta", count = 0): Promise<Pushing> {
      const group = newId<GroupId>();
      const made = await act(async (tx) => {
        const { id } = await addDirectory(tx, { name, kind: "scim" });
        await insertDirectoryGroups(tx, id, [groupOf(group, `${name} people`)]);
        await grantRole(tx, { group, product, role: "user" });
        return { id, token: (await createToken(tx, { directory: id })).id };
      });
      const pusher: Actor = { organization, kind: "scim-token", id: made.token, requestId: "test" };
      const push: Pushing["push"] = (work, lock = "shared") => inTransaction(ctx, pusher, work, { lock });
      const directory: Pushing = {
        id: made.id,
        name,
        group,
        people: [],
        push,
        async grow(more, names = `${key}-${name}-`) {
          const inputs = Array.from({ length: more }, (_, n) => person(`${names}${directory.people.length + n}`));
          await act(async (tx) => {
            await insertDirectoryUsers(tx, made.id, inputs);
            const add = inputs.map((input) => ({ group, member: input.id }));
            await changeMembers(tx, made.id, { add, remove: [] });
          });
          const rows = await db.query<{ id: DirectoryUserId; account: AccountId }>({
            text: "select id, account from directory_users where organization = $1 and id = any ($2)",
            values: [organization, inputs.map((input) => input.id)],
          });
          const accountOf = new Map(rows.map((row) => [row.id, row.account]));
          const members = inputs.map((input) => ({ ...input, account: accountOf.get(input.id)! }));
          directory.people.push(...members);
          return members;
        },
        deactivate: (...members) =>
          push((tx) =>
            updateDirectoryUsers(
              tx,
              made.id,
              members.map((member) => ({ ...member, active: false })),
            ),
          ),
        activate: (...members) => push((tx) => updateDirectoryUsers(tx, made.id, members)),
        async counted() {
          const rows = await db.query<{ name: string }>({
            text: `select a.user_name as name from removals r
              join accounts a on a.organization = r.organization and a.id = r.account
              where r.organization = $1 and r.directory = $2 and r.at > statement_timestamp() - interval '1 hour'
              order by 1`,
            values: [organization, made.id],
          });
          return rows.map((row) => row.name);
        },
      };
      if (count > 0) await directory.grow(count);
      return directory;
    },
    /** Every row of every table of the organization, as one hash a table. */
    async everything(): Promise<Record<string, string>> {
      const tables = await owner(
        `select table_name as name from information_schema.columns
          where table_schema = 'muster' and column_name = 'organization'
            and table_name in (select tablename from pg_tables where schemaname = 'muster') order by 1`,
      );
      const hashes: Record<string, string> = {};
      for (const { name } of tables as { name: string }[]) {
        const rows = await owner(
          `select t::text as row from ${name} t where organization = '${organization}' order by 1`,
        );
        hashes[name] = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
      }
      return hashes;
    },
  };
}

export function groupOf(id: GroupId, displayName: string) {
  return { id, immutableId: null, externalId: null, displayName, resource: {}, contentHash: null, uniqueName: true };
}
