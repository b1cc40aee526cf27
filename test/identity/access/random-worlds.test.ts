import { expect, test } from "vitest";
import { type AccountId, type DirectoryId, newId, type OrganizationId } from "../../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../../src/db/transaction.ts";
import { reconcile, reconcileAll } from "../../../src/identity/access/reconcile.ts";
import { listDirectories } from "../../../src/identity/directories.ts";
import { orderDirectories } from "../../../src/identity/directory-order.ts";
import { removeDirectory } from "../../../src/identity/directory-remove.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { canonicalOf, type Role, type World } from "../model.ts";
import { Random } from "./random.ts";
import { expectModel, readAccess } from "./stored.ts";
import { expectExplained } from "./why.ts";

const ctx = await testContext();

const DOMAINS = ["example.com", "a.example.com", "b.a.example.com", "notexample.com", "partner.org", "xample.com"];

test(`R19, R55: random worlds: access is what the model says, after a build, every change, every order and every removal, and every condition of a refusal is told`, {
  timeout: 1_800_000,
}, async () => {
  const seen = new Set<string>();
  const unmet = new Set<string>();
  for (let round = 0; round < scaled(1_000); round++) {
    const random = new Random(seed + round);
    const hint = `MUSTER_TEST_SEED=${seed + round}, first world`;
    const organization = newId<OrganizationId>();
    const actor: Actor = { organization, kind: "system", id: null, requestId: null };
    const shape = sketch(random, organization);
    const db = ctx.db.of(organization);
    const alone = (work: (tx: Tx) => Promise<unknown>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
    for (let step = 0; step < 3; step++) {
      const world = fill(random, shape);
      await inTransaction(
        ctx,
        actor,
        async (tx) => {
          if (step === 0) await writeShape(tx, shape);
          await writeFacts(tx, world);
          if (step === 2) await reconcile(tx, random.shuffled(shape.accounts));
          else await reconcileAll(tx);
        },
        { lock: "exclusive" },
      );
      await expectModel(db, `${hint}, step ${step}`);
      if (step === 1) for (const condition of await expectExplained(db, shape.accounts, hint)) unmet.add(condition);
      for (const access of (await readAccess(db)).values())
        seen.add(`${access.role} ${access.state}${access.domainLimited ? " limited" : ""}`);
    }
    const before = await written(db);
    await alone((tx) => reconcileAll(tx));
    expect(await written(db), `${hint}: reconciling what is right writes nothing`).toEqual(before);
    // Each takes as long as a world.
    if (round % 4 > 0) continue;
    for (const wanted of random.shuffled(shape.directories)) {
      const order = random.shuffled(await listDirectories(db));
      await alone((tx) =>
        orderDirectories(
          tx,
          order.map((directory) => directory.name),
        ),
      );
      await expectModel(db, `${hint}, another order`);
      const id = wanted as DirectoryId;
      await alone((tx) => removeDirectory(tx, id, order.find((directory) => directory.id === id)?.name ?? ""));
      await expectModel(db, `${hint}, without ${wanted}`);
    }
  }
  // The worlds are no proof of a rule that none of them asks for.
  expect([...seen].sort()).toEqual([
    "admin live",
    "guest live",
    "guest live limited",
    "guest no-space",
    "guest no-space limited",
    "null domain limited",
    "user live",
    "user live limited",
  ]);
  // Seats and slots have no limit in these worlds.
  expect([...unmet].sort()).toEqual([
    "active",
    "domain",
    "grant-confirmed",
    "group",
    "not-expired",
    "not-suspended",
    "person-confirmed",
    "record-active",
    "record-counts",
    "space",
  ]);
});

/** What stands through all steps of one world. */
type Shape = {
  organization: string;
  directories: string[];
  products: string[];
  spaces: { id: string; product: string }[];
  accounts: AccountId[];
  records: { id: string; account: string; directory: string }[];
  groups: { id: string; directory: string | null }[];
};

function sketch(random: Random, organization: string): Shape {
  const times = <T>(n: number, make: () => T) => Array.from({ length: n }, make);
  const directories = times(1 + random.below(3), () => newId());
  const products = times(1 + random.below(3), () => newId());
  const accounts = times(1 + random.below(6), () => newId<AccountId>());
  return {
    organization,
    directories,
    products,
    spaces: products.flatMap((product) => times(2, () => ({ id: newId(), product }))),
    accounts,
    records: accounts.flatMap((account) =>
      random.some(directories, 0.7).map((directory) => ({ id: newId(), account, directory })),
    ),
    groups: times(2 + random.below(8), () => ({
      id: newId(),
      directory: random.chance(0.25) ? null : random.pick(directories),
    })),
  };
}

/** Facts for a shape; whatever is left out of `records` and `groups` is a tombstone. */
function fill(random: Random, shape: Shape): World {
  const groups = random.some(shape.groups, 0.9);
  const inDirectory = (directory: string | null) => shape.groups.filter((group) => group.directory === directory);
  const now = Date.now();
  return {
    masking: random.chance(0.4),
    now,
    directories: random.shuffled(shape.directories).map((id) => ({ id, domainPolicy: random.chance(0.4) })),
    domains: random.some(DOMAINS, 0.35).map((domain) => ({
      domain,
      match: random.pick(["exact", "subdomains", "exact-and-subdomains"] as const),
    })),
    accounts: shape.accounts.map((id) => ({
      id,
      emailDomain: random.chance(0.15) ? null : random.pick(DOMAINS),
      suspended: random.chance(0.1),
    })),
    records: random.some(shape.records, 0.85).map((record) => ({
      ...record,
      active: random.chance(0.85),
      groups: random.some(inDirectory(record.directory), 0.5).map((group) => group.id),
    })),
    groups: groups.map((group) => group.id),
    locals: shape.accounts.flatMap((account) =>
      random.some(shape.groups, 0.12).map((group) => ({ account, group: group.id, parked: random.chance(0.3) })),
    ),
    // Circles and groups in themselves included; remote nesting stays inside one directory.
    nestings: shape.groups.flatMap((parent) =>
      random
        .some(parent.directory === null ? shape.groups : inDirectory(parent.directory), 0.2)
        .map((child) => ({ parent: parent.id, child: child.id })),
    ),
    grants: shape.products.flatMap((product) =>
      random.some(shape.groups, 0.5).map((group) => ({
        id: newId(),
        product,
        group: group.id,
        role: random.pick<Role>(["admin", "user", "user", "guest", "guest"]),
        unconfirmed: random.chance(0.1),
      })),
    ),
    assignments: shape.accounts.flatMap((account) =>
      random.some(shape.spaces, 0.35).map((space) => ({
        account,
        product: space.product,
        space: space.id,
        expiresAt: random.chance(0.4)
          ? null
          : now + (random.chance(0.5) ? 3_600_000 : -3_600_000) + random.below(1_000),
      })),
    ),
  };
}

async function writeShape(tx: Tx, shape: Shape): Promise<void> {
  const site = newId();
  const key = (prefix: string) => (_: unknown, index: number) => `${prefix}${index}`;
  const statements: [string, unknown[]][] = [
    ["insert into organizations (id, key, name) values ($1, $2, 'a random world')", [`o${shape.organization}`]],
    ["insert into sites (organization, id, key, name) values ($1, $2, 'site', 'site')", [site]],
    [
      `insert into products (organization, id, site, key, name, has_guests)
       select $1, p.id, $2, p.key, p.key, true from unnest($3::uuid[], $4::text[]) as p (id, key)`,
      [site, shape.products, shape.products.map(key("p"))],
    ],
    [
      `insert into spaces (organization, id, product, key, name)
       select $1, s.id, s.product, s.key, s.key from unnest($2::uuid[], $3::uuid[], $4::text[]) as s (id, product, key)`,
      [shape.spaces.map((space) => space.id), shape.spaces.map((space) => space.product), shape.spaces.map(key("s"))],
    ],
    [
      `insert into directories (organization, id, name, kind, position)
       select $1, d.id, d.name, 'scim', d.place from unnest($2::uuid[], $3::text[]) with ordinality as d (id, name, place)`,
      [shape.directories, shape.directories.map(key("d"))],
    ],
    [
      `insert into accounts (organization, id, user_name, user_name_key)
       select $1, a.id, a.name, a.name from unnest($2::uuid[], $3::text[]) as a (id, name)`,
      [shape.accounts, shape.accounts.map(key("u"))],
    ],
    [
      `insert into directory_users (organization, id, directory, account, user_name, user_name_key, active)
       select $1, u.id, u.directory, u.account, u.id::text, u.id::text, true
       from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as u (id, directory, account)`,
      [
        shape.records.map((record) => record.id),
        shape.records.map((record) => record.directory),
        shape.records.map((record) => record.account),
      ],
    ],
    [
      `insert into groups (organization, id, directory, name, name_key)
       select $1, g.id, g.directory, g.id::text, g.id::text from unnest($2::uuid[], $3::uuid[]) as g (id, directory)`,
      [shape.groups.map((group) => group.id), shape.groups.map((group) => group.directory)],
    ],
    [
      `insert into directory_groups (organization, id, directory, display_name, display_name_key)
       select organization, id, directory, name, name_key from groups where organization = $1 and directory is not null`,
      [],
    ],
  ];
  for (const [text, values] of statements) await tx.query({ text, values: [tx.organization, ...values] });
}

async function writeFacts(tx: Tx, world: World): Promise<void> {
  const run = (text: string, ...values: unknown[]) => tx.query({ text, values: [tx.organization, ...values] });
  for (const table of [
    "remote_memberships",
    "local_memberships",
    "group_nestings",
    "role_grants",
    "guest_assignments",
    "sign_up_domains",
  ])
    await run(`delete from ${table} where organization = $1`);
  await run("update organizations set membership_mode = $2 where id = $1", world.masking ? "masking" : "aggregating");
  await run(
    `update directories d set position = w.place, domain_policy = w.policy
     from unnest($2::uuid[], $3::boolean[]) with ordinality as w (id, policy, place) where d.organization = $1 and d.id = w.id`,
    world.directories.map((directory) => directory.id),
    world.directories.map((directory) => directory.domainPolicy),
  );
  await run(
    "insert into sign_up_domains (organization, domain, match) select $1, w.domain, w.match from unnest($2::text[], $3::text[]) as w (domain, match)",
    world.domains.map((row) => row.domain),
    world.domains.map((row) => row.match),
  );
  await run(
    `update directory_users u set deleted_at = case when w.id is null then now() end, active = coalesce(w.active, u.active)
     from directory_users o left join unnest($2::uuid[], $3::boolean[]) as w (id, active) on w.id = o.id
     where u.organization = $1 and o.organization = $1 and o.id = u.id`,
    world.records.map((record) => record.id),
    world.records.map((record) => record.active),
  );
  await run(
    "update groups set deleted_at = case when id = any ($2) then null else now() end where organization = $1",
    world.groups,
  );
  await run(
    `update accounts a set email_domain = w.domain, suspended_at = case when w.suspended then now() end, canonical = w.canonical
     from unnest($2::uuid[], $3::text[], $4::boolean[], $5::uuid[]) as w (id, domain, suspended, canonical)
     where a.organization = $1 and a.id = w.id`,
    world.accounts.map((account) => account.id),
    world.accounts.map((account) => account.emailDomain),
    world.accounts.map((account) => account.suspended),
    world.accounts.map((account) => canonicalOf(world, account.id)),
  );
  const memberships = world.records.flatMap((record) => record.groups.map((group) => [group, record.id] as const));
  await run(
    "insert into remote_memberships (organization, group_id, directory_user) select $1, w.g, w.u from unnest($2::uuid[], $3::uuid[]) as w (g, u)",
    memberships.map(([group]) => group),
    memberships.map(([, record]) => record),
  );
  await run(
    `insert into local_memberships (organization, group_id, account, parked_at)
     select $1, w.g, w.a, case when w.parked then now() end from unnest($2::uuid[], $3::uuid[], $4::boolean[]) as w (g, a, parked)`,
    world.locals.map((row) => row.group),
    world.locals.map((row) => row.account),
    world.locals.map((row) => row.parked),
  );
  await run(
    "insert into group_nestings (organization, parent, child, origin) select $1, w.p, w.c, 'remote' from unnest($2::uuid[], $3::uuid[]) as w (p, c)",
    world.nestings.map((row) => row.parent),
    world.nestings.map((row) => row.child),
  );
  await run(
    `insert into role_grants (organization, id, product, group_id, role, needs_confirmation)
     select $1, w.id, w.product, w.g, w.role, w.unconfirmed
     from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[]) as w (id, product, g, role, unconfirmed)`,
    world.grants.map((row) => row.id),
    world.grants.map((row) => row.product),
    world.grants.map((row) => row.group),
    world.grants.map((row) => row.role),
    world.grants.map((row) => row.unconfirmed),
  );
  const assignments = world.assignments as (World["assignments"][number] & { space: string })[];
  await run(
    `insert into guest_assignments (organization, id, account, product, space, permission, expires_at)
     select $1, w.id, w.account, w.product, w.space, 'read-only', w.ends
     from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[]) as w (id, account, product, space, ends)`,
    assignments.map(() => newId()),
    assignments.map((row) => row.account),
    assignments.map((row) => row.product),
    assignments.map((row) => row.space),
    assignments.map((row) => (row.expiresAt === null ? null : new Date(row.expiresAt))),
  );
}

async function written(db: { organization: string; query: Tx["query"] }) {
  return db.query({
    text: `select (select count(*) from audit where organization = $1) as audit,
        (select count(*) from outbox where organization = $1) as outbox,
        (select max(xmin::text::bigint) from access where organization = $1) as newest`,
    values: [db.organization],
  });
}
