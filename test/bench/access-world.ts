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
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { changeNestings } from "../../src/identity/directory-groups/nestings.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { readAddresses } from "../../src/identity/invitations/addresses.ts";
import { inviteTo } from "../../src/identity/invitations/invite.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { listSites } from "../../src/identity/sites.ts";
import { insertUsers } from "./load-muster.ts";

/** What is measured: a grant on the large group, people to explain, a product of everybody's to preview. */
export type AccessWorld = {
  actor: Actor;
  organization: OrganizationId;
  large: GroupId;
  /** How many are in the large group. */
  members: number;
  /** Nobody has a role there; the bare side keeps its rows under it. */
  free: ProductId;
  /** The large group gets its role there. */
  granted: ProductId;
  previewed: ProductId;
  accounts: AccountId[];
};

const PER_TEAM = 20;
const DEPARTMENTS = 50;
const DIVISIONS = 5;
const BATCH = 5_000;
const OPEN_INVITATIONS = 20;

/**
 * An organization in which everybody is in a team, two projects and perhaps the large group, half of all people; teams are in
 * departments, those in divisions, and some people are in a local group too. A person's roles come from four to six groups.
 */
export async function loadAccessWorld(ctx: Context, people: number, say: (line: string) => void): Promise<AccessWorld> {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const exclusive = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
  const { directory, product } = await exclusive(setUp);
  say(`loading ${people} people`);
  const users = (await insertUsers(ctx, actor, directory, people)) as DirectoryUserId[];
  say("putting them into groups");
  const teams = Math.ceil(people / PER_TEAM);
  const groups = await exclusive(async (tx) => {
    const groups = {
      large: await makeGroups(tx, directory, "Half of all", 1),
      team: await makeGroups(tx, directory, "Team", teams),
      project: await makeGroups(tx, directory, "Project", Math.ceil(teams / 2)),
      department: await makeGroups(tx, directory, "Department", DEPARTMENTS),
      division: await makeGroups(tx, directory, "Division", DIVISIONS),
    };
    const inside = (children: readonly GroupId[], parents: readonly GroupId[]) =>
      children.map((child, place) => ({ child, parent: at(parents, place) }));
    const add = [...inside(groups.team, groups.department), ...inside(groups.department, groups.division)];
    await changeNestings(tx, directory, { add, remove: [] });
    for (const group of groups.division) await grantRole(tx, { group, product: product.wiki, role: "user" });
    for (const group of groups.department) await grantRole(tx, { group, product: product.drive, role: "user" });
    for (const group of groups.project) await grantRole(tx, { group, product: product.board, role: "user" });
    return groups;
  });
  const memberships = users.flatMap((member, place) => [
    { member, group: at(groups.team, place) },
    { member, group: at(groups.project, place * 3) },
    { member, group: at(groups.project, place * 3 + 1) },
    ...(place % 2 === 0 ? [{ member, group: at(groups.large, 0) }] : []),
  ]);
  for (let from = 0; from < memberships.length; from += BATCH)
    await inTransaction(ctx, actor, (tx) =>
      changeMembers(tx, directory, { add: memberships.slice(from, from + BATCH), remove: [] }),
    );
  const accounts = await ctx.db.of(organization).query<{ id: AccountId }>({
    text: "select id from accounts where organization = $1 order by id",
    values: [organization],
  });
  const ids = accounts.map(({ id }) => id);
  await exclusive(async (tx) => {
    const pilots = await createLocalGroup(tx, "Pilots");
    await addLocalMembers(
      tx,
      pilots.id,
      ids.filter((_, place) => place % 10 === 0),
    );
    await grantRole(tx, { group: pilots.id, product: product.board, role: "admin" });
    const addresses = Array.from({ length: OPEN_INVITATIONS }, (_, place) => `newcomer.${place}@example.net`);
    const roles = [{ product: product.board, role: "admin" as const, groups: [] }];
    await inviteTo(tx, { validDays: 7, resendCoolDown: 60 }, readAddresses(addresses), {
      ...{ roles, notify: false, message: null, inviter: actor, source: "administrator" },
      offer: { groups: [pilots.id], spaces: [] },
    });
  });
  return {
    ...{ actor, organization, large: at(groups.large, 0), accounts: ids, members: Math.ceil(people / 2) },
    ...{ free: product.free, granted: product.calendar, previewed: product.board },
  };
}

async function setUp(tx: Tx) {
  await createOrganization(tx, { key: "bench" });
  const [site] = await listSites(tx);
  if (!site) throw new Error("an organization has a site");
  const { id: directory } = await addDirectory(tx, { name: "okta", kind: "scim" });
  const make = async (key: string) => (await createProduct(tx, site, { key, seats: 200_000 })).id;
  const product = {
    wiki: await make("wiki"),
    drive: await make("drive"),
    board: await make("board"),
    calendar: await make("calendar"),
    free: await make("free"),
  };
  return { directory, product };
}

async function makeGroups(tx: Tx, directory: DirectoryId, name: string, count: number): Promise<GroupId[]> {
  const inputs = Array.from({ length: count }, (_, place) => ({
    ...{ id: newId<GroupId>(), immutableId: null, externalId: null, resource: {}, contentHash: null, uniqueName: true },
    displayName: `${name} ${place + 1}`,
  }));
  await insertDirectoryGroups(tx, directory, inputs);
  return inputs.map(({ id }) => id);
}

function at<T>(list: readonly T[], place: number): T {
  return list[place % list.length] as T;
}
