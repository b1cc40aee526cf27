/**
 * The rule of design §4 a second time, small and in plain TypeScript, to hold the SQL against. Knows nothing of SQL, of
 * limits (who waits depends on who came first; limits.test.ts asks that) and of how access is stored.
 */
export type Role = "admin" | "user" | "guest";

export type World = {
  masking: boolean;
  now: number;
  /** In their order. */
  directories: { id: string; domainPolicy: boolean }[];
  domains: { domain: string; match: "exact" | "subdomains" | "exact-and-subdomains" }[];
  accounts: { id: string; emailDomain: string | null; suspended: boolean }[];
  /** Live records only. */
  records: { id: string; account: string; directory: string; active: boolean; groups: string[] }[];
  /** Live groups only. */
  groups: string[];
  locals: { account: string; group: string; parked: boolean }[];
  nestings: { parent: string; child: string }[];
  grants: { id: string; product: string; group: string; role: Role; unconfirmed: boolean }[];
  /** `expiresAt` null: never. Parked ones are left out. */
  assignments: { account: string; product: string; expiresAt: number | null }[];
};

export type Access = {
  role: Role | null;
  state: "live" | "no-space" | "domain";
  domainLimited: boolean;
  liveUntil: number | null;
  record: string | null;
  group: string | null;
  grant: string | null;
};

const RANK: Record<Role, number> = { admin: 3, user: 2, guest: 1 };

/** The record in the first directory that has the account. D3. */
export function canonicalOf(world: World, account: string): string | null {
  const order = world.directories.map((directory) => directory.id);
  const records = world.records.filter((record) => record.account === account);
  records.sort((a, b) => order.indexOf(a.directory) - order.indexOf(b.directory) || compare(a.id, b.id));
  return records[0]?.id ?? null;
}

/** `account product` → what the reconciler should have written. */
export function accessOfWorld(world: World): Map<string, Access> {
  const all = new Map<string, Access>();
  for (const account of world.accounts) {
    for (const [product, access] of accessOfAccount(world, account)) all.set(`${account.id} ${product}`, access);
  }
  return all;
}

type Way = { record: string | null; position: number; policy: boolean; group: string; grant: string; role: Role };

function accessOfAccount(world: World, account: World["accounts"][number]): Map<string, Access> {
  const canonical = world.records.find((record) => record.id === canonicalOf(world, account.id));
  if (!canonical?.active || account.suspended) return new Map();
  const counting = world.records.filter(
    (record) => record.account === account.id && record.active && (!world.masking || record === canonical),
  );
  const memberships = [
    ...counting.flatMap((record) => {
      const position = world.directories.findIndex((directory) => directory.id === record.directory);
      const policy = world.directories[position]?.domainPolicy ?? false;
      return record.groups.map((group) => ({ record: record.id, position, policy, group }));
    }),
    ...world.locals
      .filter((local) => local.account === account.id && !local.parked)
      .map((local) => ({ record: null, position: Number.POSITIVE_INFINITY, policy: false, group: local.group })),
  ];
  const ways = new Map<string, Way[]>();
  for (const membership of memberships)
    for (const granted of selfAndAbove(world, membership.group))
      for (const grant of world.grants)
        if (grant.group === granted && !grant.unconfirmed) {
          const list = ways.get(grant.product) ?? [];
          list.push({ ...membership, grant: grant.id, role: grant.role });
          ways.set(grant.product, list);
        }
  return new Map([...ways].map(([product, list]) => [product, decide(world, account, product, list)]));
}

function decide(world: World, account: World["accounts"][number], product: string, ways: Way[]): Access {
  const covered = account.emailDomain !== null && isCovered(world, account.emailDomain);
  const refused = ways.filter((way) => way.role !== "guest" && way.policy && !covered);
  const best = ways
    .filter((way) => !refused.includes(way))
    .sort(
      (a, b) =>
        RANK[b.role] - RANK[a.role] ||
        (a.position === b.position ? 0 : a.position - b.position) ||
        compare(a.record ?? "", b.record ?? "") ||
        compare(a.group, b.group) ||
        compare(grantedGroup(world, a.grant), grantedGroup(world, b.grant)) ||
        compare(a.grant, b.grant),
    )[0];
  const nothing = { role: null, liveUntil: null, record: null, group: null, grant: null };
  if (!best) return { ...nothing, state: "domain", domainLimited: true };
  const domainLimited = refused.some((way) => RANK[way.role] > RANK[best.role]);
  const path = { role: best.role, domainLimited, record: best.record, group: best.group, grant: best.grant };
  if (best.role !== "guest") return { ...path, state: "live", liveUntil: null };
  const ends = world.assignments
    .filter((a) => a.account === account.id && a.product === product)
    .map((a) => a.expiresAt);
  if (ends.length === 0) return { ...path, state: "no-space", liveUntil: null };
  return { ...path, state: "live", liveUntil: ends.includes(null) ? null : Math.max(...(ends as number[])) };
}

function selfAndAbove(world: World, group: string): Set<string> {
  const reached = new Set<string>();
  const open = [group];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next) || !world.groups.includes(next)) continue;
    reached.add(next);
    for (const nesting of world.nestings) if (nesting.child === next) open.push(nesting.parent);
  }
  return reached;
}

function isCovered(world: World, emailDomain: string): boolean {
  const labels = emailDomain.split(".");
  const above = labels.map((_, index) => labels.slice(index).join("."));
  return world.domains.some(({ domain, match }) => {
    const at = above.indexOf(domain);
    return at >= 0 && (at === 0 ? match !== "subdomains" : match !== "exact");
  });
}

function grantedGroup(world: World, grant: string): string {
  return world.grants.find((row) => row.id === grant)?.group ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
