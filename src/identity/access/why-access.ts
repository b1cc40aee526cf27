import type { Db } from "../../db/connection.ts";
import type { AccountId, GrantId, GroupId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";
import { isCovered, listSignUpDomains } from "../domains.ts";
import type { Role } from "../grants.ts";
import type { PlacedProduct } from "../products.ts";
import type { Permission, Target } from "../rights/permissions.ts";
import { type Holder, holdersOf } from "../rights/who.ts";
import { countSeats } from "../seats.ts";
import { type Status, statusSql } from "../statuses.ts";
import {
  type Check,
  checkOfGroup,
  checksOfPerson,
  checksOfPlace,
  checksOfWay,
  type PersonFacts,
  type SetIn,
  type WayFacts,
} from "./conditions.ts";
import { type AccessFacts, type Decision, decide } from "./reason.ts";

/** Who set something, and when; `userName` where it was a person who still has an account. */
type SetBy = { kind: string; id: string | null; userName: string | null; at: Date };

/** A condition with who set it and, where it is not met, who could change that. */
export type Condition = Omit<Check, "setIn" | "remedy"> & {
  setBy: SetBy | null;
  remedy: { permission: Permission; operation: string; command: string; heldBy: Holder[] } | null;
};

/** One way to a role: counts when each of its conditions and of the person's is met. */
type Way = {
  role: Role;
  through: string | null;
  memberOf: string;
  group: { id: GroupId; name: string; directory: string | null };
  grant: GrantId;
  counts: boolean;
  conditions: Condition[];
};

export type WhyAccess = Decision & {
  account: { id: AccountId; userName: string; email: string | null; status: Status };
  site: string;
  product: string;
  person: Condition[];
  /** The strongest first; 100 at most. */
  ways: Way[];
  /** Of the seat or the space that the strongest role takes which nothing but the person's own state keeps away. */
  place: Condition[];
};

const MOST_WAYS = 100;

/**
 * Why somebody may use a product, or may not: every condition of the refusal and not only the first, who set each and who could
 * change it (R19, R20, R55; F31). The ways are those of the reconciler's own SELECT.
 * @throws MusterError `not-found` when the organization has no such account.
 */
export async function whyAccess(db: Db, account: AccountId, product: PlacedProduct): Promise<WhyAccess> {
  const { person, facts, shown, emailDomain } = await personOf(db, account, product);
  const ways = await waysOf(db, account, product, emailDomain);
  const own = checksOfPerson(person);
  const checked = ways.map((way) => ({ way, checks: checksOfWay(way, person) }));
  const best = checked.find(({ checks }) => checks.every(({ met }) => met))?.way;
  const place = best ? checksOfPlace(best.role, await placeOf(db, account, product, best.role, facts), person) : [];
  const missing = ways.length > 0 ? [] : [checkOfGroup(person.userName, product.key, await giversOf(db, product))];
  const all = [...own, ...missing, ...place, ...checked.flatMap(({ checks }) => checks)];
  const told = await tellersOf(db, product, all);
  return {
    account: shown,
    site: product.site,
    product: product.key,
    ...decide(shown.status, facts),
    person: [...own, ...missing].map(told),
    ways: checked.map(({ way, checks }) => ({
      role: way.role,
      through: way.through,
      memberOf: way.memberOf,
      group: way.group,
      grant: way.grant,
      counts: way.failing === null,
      conditions: checks.map(told),
    })),
    place: place.map(told),
  };
}

async function personOf(db: Db, account: AccountId, product: PlacedProduct) {
  type Row = AccessFacts &
    Omit<PersonFacts, "organization"> & {
      id: AccountId;
      email: string | null;
      emailDomain: string | null;
      status: Status;
    };
  const [row] = await db.query<Row>({
    text: `select a.id, a.user_name as "userName", a.email, a.email_domain as "emailDomain", ${statusSql} as status,
        c.id is null or not c.active as deactivated, a.suspended_at is not null as suspended, d.name as directory,
        x.role, x.state, x.domain_limited as "domainLimited",
        coalesce(x.live_until <= statement_timestamp(), false) as expired
      from accounts a
      left join directory_users c on c.organization = a.organization and c.id = a.canonical and c.deleted_at is null
      left join directories d on d.organization = a.organization and d.id = c.directory
      left join access x on x.organization = a.organization and x.account = a.id and x.product = $3
      where a.organization = $1 and a.id = $2`,
    values: [db.organization, account, product.id],
  });
  if (!row) throw new MusterError("not-found", "there is no such account", { at: "id" });
  const { id, userName, email, status, emailDomain, role, state, domainLimited, expired, ...facts } = row;
  return {
    shown: { id, userName, email, status },
    person: { ...facts, id, userName, organization: db.organization },
    facts: { role, state, domainLimited, expired },
    emailDomain,
  };
}

type WayRow = WayFacts & Pick<Way, "memberOf" | "group" | "grant"> & { failing: string | null };

/** Every way, from the SELECT by which the reconciler decides, with the facts that its conditions are about. */
async function waysOf(db: Db, account: AccountId, product: PlacedProduct, emailDomain: string | null) {
  const rows = await db.query<Omit<WayRow, "outside"> & { policy: boolean }>({
    text: `select p.role, o.name as through, m.name as "memberOf", p.failing,
        json_build_object('id', g.id, 'name', g.name, 'directory', d.name) as "group", p.grant_id as "grant",
        u.id is not null and not u.active as inactive,
        u.id is not null and w.membership_mode = 'masking' and u.id is distinct from a.canonical as masked,
        u.id is null and l.parked_at is not null as parked, t.needs_confirmation as unconfirmed,
        coalesce(o.domain_policy, false) as policy
      from access_paths($1, array[$2::uuid]) p
      join organizations w on w.id = $1
      join accounts a on a.organization = $1 and a.id = p.account
      join groups m on m.organization = $1 and m.id = p.member_of
      join groups g on g.organization = $1 and g.id = p.granted_group
      join role_grants t on t.organization = $1 and t.id = p.grant_id
      left join directories d on d.organization = $1 and d.id = g.directory
      left join directory_users u on u.organization = $1 and u.id = p.directory_user
      left join directories o on o.organization = $1 and o.id = p.directory
      left join local_memberships l on u.id is null and l.organization = $1 and l.group_id = p.member_of and l.account = p.account
      where p.product = $3
      order by p.failing is not null, p.strength desc, p.directory_position, p.directory_user, p.member_of,
        p.granted_group, p.grant_id
      limit ${MOST_WAYS}`,
    values: [db.organization, account, product.id],
  });
  const domains = rows.some(({ policy }) => policy) ? await listSignUpDomains(db) : [];
  const covered = emailDomain !== null && isCovered(emailDomain, domains);
  return rows.map(({ policy, ...way }): WayRow => ({ ...way, outside: policy && way.role !== "guest" && !covered }));
}

async function placeOf(db: Db, account: AccountId, product: PlacedProduct, role: Role, facts: AccessFacts) {
  const [guest] = await db.query<{ spaces: number; expired: boolean }>({
    text: `select count(*)::integer as spaces,
        coalesce(bool_and(coalesce(expires_at <= statement_timestamp(), false)), false) as expired
      from guest_assignments where organization = $1 and account = $2 and product = $3 and parked_at is null`,
    values: [db.organization, account, product.id],
  });
  const [use] = await countSeats(db, [product.id]);
  const room = role === "guest" ? use?.guests : use?.seats;
  const { used = 0, pending = 0, limit = null, enforcement = "warn" } = room ?? {};
  const taken = used + pending;
  // Whoever has a row is admitted or waits; of others only the count tells.
  const waits = facts.state === (role === "guest" ? "over-quota" : "no-seat");
  const full = facts.state === null ? enforcement === "block" && limit !== null && taken >= limit : waits;
  const what = role === "guest" ? "guest slots" : "seats";
  return {
    product: { id: product.id, key: product.key },
    spaces: guest?.spaces ?? 0,
    expired: guest?.expired ?? false,
    full,
    taken: `${used} ${what} are used and ${pending} reserved, of ${limit ?? "any number"}`,
  };
}

async function giversOf(db: Db, product: PlacedProduct): Promise<string[]> {
  const rows = await db.query<{ name: string }>({
    text: `select coalesce(d.name, 'local') || '/' || g.name as name from role_grants t
      join groups g on g.organization = t.organization and g.id = t.group_id and g.deleted_at is null
      left join directories d on d.organization = g.organization and d.id = g.directory
      where t.organization = $1 and t.product = $2 and not t.needs_confirmation order by g.name_key, g.id limit 20`,
    values: [db.organization, product.id],
  });
  return rows.map(({ name }) => name);
}

/** Adds to each condition that is not met who set it and who could change it. */
async function tellersOf(db: Db, product: PlacedProduct, all: readonly Check[]): Promise<(check: Check) => Condition> {
  const failing = all.filter(({ met }) => !met);
  const setters = await settersOf(
    db,
    failing.flatMap(({ setIn }) => setIn ?? []),
  );
  const holders = new Map<string, Holder[]>();
  for (const { remedy } of failing) {
    if (remedy === null || holders.has(`${remedy.permission} ${remedy.on}`)) continue;
    const target: Target =
      remedy.on === "product" ? { kind: "product", id: product.id, site: product.siteId } : { kind: "organization" };
    holders.set(`${remedy.permission} ${remedy.on}`, await holdersOf(db, remedy.permission, target));
  }
  return ({ setIn, remedy, ...check }) => ({
    ...check,
    setBy: check.met || setIn === null ? null : (setters.get(JSON.stringify(setIn)) ?? null),
    remedy:
      check.met || remedy === null
        ? null
        : {
            permission: remedy.permission,
            operation: remedy.operation,
            command: remedy.command,
            heldBy: holders.get(`${remedy.permission} ${remedy.on}`) ?? [],
          },
  });
}

/** So many audit rows of a subject are looked through for the one that set something. */
const MOST_LOOKED_AT = 1_000;

async function settersOf(db: Db, wanted: readonly SetIn[]): Promise<Map<string, SetBy>> {
  if (wanted.length === 0) return new Map();
  const keys = [...new Map(wanted.map((one) => [JSON.stringify(one), one])).entries()];
  const rows = await db.query<SetBy & { key: string }>({
    text: `select w.key, u.actor_kind as kind, u.actor as id, u.at, n.user_name as "userName"
      from unnest($2::text[], $3::uuid[], $4::text[]) w (key, subject, actions)
      cross join lateral (
        select l.actor_kind, l.actor, l.at from (
          select a.id, a.actor_kind, a.actor, a.at, a.action from audit a
          where a.organization = $1 and a.subject = w.subject order by a.id desc limit ${MOST_LOOKED_AT}) l
        where l.action = any (string_to_array(w.actions, ' ')) order by l.id desc limit 1) u
      left join accounts n on n.organization = $1 and u.actor_kind = 'session' and n.id::text = u.actor`,
    values: [
      db.organization,
      keys.map(([key]) => key),
      keys.map(([, { subject }]) => subject),
      keys.map(([, { actions }]) => actions.join(" ")),
    ],
  });
  return new Map(rows.map(({ key, ...setBy }) => [key, setBy]));
}
