import type { AccountId, AssignmentId, GroupId, ProductId, RightId, SpaceId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { type Bundle, PERMISSIONS_OF } from "../rights/bundles.ts";

export const MERGED_KINDS = [
  "group",
  "space",
  "right",
  "sponsored-guest",
  "invitation",
  "sent-invitation",
  "link",
  "token",
  "sign-in",
] as const;
export const MERGED_OUTCOMES = ["moved", "moved-waits", "kept", "lost"] as const;

/**
 * One thing of the account that goes, and what becomes of it. `moved`: the other one has it now. `moved-waits`: it does, once an
 * administrator confirms. `kept`: the other one has the same already, or it stands for itself. `lost`: nobody has it.
 */
export type MergedFact = {
  kind: (typeof MERGED_KINDS)[number];
  name: string;
  outcome: (typeof MERGED_OUTCOMES)[number];
  why: string | null;
};

/** Two accounts: the one that goes, the one that stays. */
export type Pair = { from: AccountId; to: AccountId };

type Group = { id: GroupId; name: string; held: boolean; parked: boolean };
type Space = {
  id: AssignmentId;
  product: ProductId;
  space: SpaceId;
  name: string;
  other: string | null;
  parked: boolean;
};
type Right = { id: RightId; bundle: Bundle; scope: string; held: boolean; parked: boolean };
type Named = { id: string; name: string };

/** All that hangs on the account that goes. */
export type Belongings = {
  groups: Group[];
  spaces: Space[];
  rights: Right[];
  sponsored: Named[];
  invitations: Named[];
  sentInvitations: Named[];
  links: Named[];
  tokens: Named[];
  signIns: Named[];
};

/** What there is. Before: nobody else writes in the organization. */
export async function belongingsOf(tx: Tx, { from, to }: Pair): Promise<Belongings> {
  const both = [tx.organization, from, to];
  const one = [tx.organization, from];
  const named = (text: string, values: unknown[] = one) => tx.query<Named>({ text, values });
  return {
    groups: await tx.query<Group>({
      text: `select g.id, g.name, m.parked_at is not null as parked, exists (select from local_memberships k
          where k.organization = $1 and k.account = $3 and k.group_id = m.group_id) as held
        from local_memberships m join groups g on g.organization = $1 and g.id = m.group_id and g.deleted_at is null
        where m.organization = $1 and m.account = $2 order by g.name, g.id`,
      values: both,
    }),
    spaces: await tx.query<Space>({
      text: `select m.id, m.product, m.space, p.key || '/' || s.key as name, m.parked_at is not null as parked,
          (select ks.key from guest_assignments k join spaces ks on ks.organization = $1 and ks.id = k.space
            where k.organization = $1 and k.account = $3 and k.product = m.product order by k.id limit 1) as other
        from guest_assignments m
        join products p on p.organization = $1 and p.id = m.product
        join spaces s on s.organization = $1 and s.id = m.space
        where m.organization = $1 and m.account = $2 order by p.key, s.key`,
      values: both,
    }),
    rights: await tx.query<Right>({
      text: `select r.id, r.bundle, r.scope_kind as scope, r.parked_at is not null as parked, exists (select from rights k
          where k.organization = $1 and k.account = $3
            and (k.bundle, k.scope_kind, k.scope_id) = (r.bundle, r.scope_kind, r.scope_id)) as held
        from rights r where r.organization = $1 and r.account = $2 order by r.bundle, r.id`,
      values: both,
    }),
    sponsored: await named(`select g.id, a.user_name || ' in ' || s.key as name from guest_assignments g
      join accounts a on a.organization = $1 and a.id = g.account join spaces s on s.organization = $1 and s.id = g.space
      where g.organization = $1 and g.sponsor = $2 order by g.id`),
    invitations: await named(`select id, email as name from invitations
      where organization = $1 and account = $2 and state in ('pending', 'needs-review') order by id`),
    sentInvitations: await named(
      `select i.id, i.email as name from invitations i
      where i.organization = $1 and i.state = 'pending' and i.inviter_kind = 'session' and i.inviter = $2 order by i.id`,
      [tx.organization, String(from)],
    ),
    links: await named(
      `select id, label as name from links
      where organization = $1 and maker_kind = 'session' and maker = $2 and disabled_at is null order by id`,
      [tx.organization, String(from)],
    ),
    tokens: await named(`select id, coalesce(name, id::text) as name from tokens
      where organization = $1 and owner = $2 and revoked_at is null order by id`),
    signIns:
      await named(`select account as id, 'password' as name from credentials where organization = $1 and account = $2
      union all select account, issuer from single_sign_on_bindings where organization = $1 and account = $2
      union all (select account, 'sessions' from sessions where organization = $1 and account = $2 limit 1)`),
  };
}

const WAITED = "it waited for a confirmation, so it may be somebody else's";
const NOBODY_ACTS = "whoever could act as the account that goes does not act as the one that stays";

/** What becomes of each. */
export function outcomesOf(belongings: Belongings): MergedFact[] {
  const { groups, spaces, rights } = belongings;
  const all = (kind: MergedFact["kind"], named: readonly Named[], outcome: MergedFact["outcome"], why: string | null) =>
    named.map(({ name }): MergedFact => ({ kind, name, outcome, why }));
  return [
    ...groups.map(({ name, held, parked }) => fact("group", name, parked, held)),
    ...spaces.map(({ name, other, parked }): MergedFact => {
      if (parked || other === null) return fact("space", name, parked, false);
      return name.endsWith(`/${other}`)
        ? fact("space", name, false, true)
        : {
            kind: "space",
            name,
            outcome: "lost",
            why: `a guest belongs to one space of a product, and ${other} stays`,
          };
    }),
    ...rights.map((right): MergedFact => {
      const told = fact("right", `${right.bundle} of the ${right.scope}`, right.parked, right.held);
      return told.outcome === "moved" && waits(right)
        ? { ...told, outcome: "moved-waits", why: "a right counts once an administrator has confirmed the person" }
        : told;
    }),
    ...all("sponsored-guest", belongings.sponsored, "moved", null),
    ...all(
      "invitation",
      belongings.invitations,
      "lost",
      "an open invitation is for its mailbox, which is not the person's",
    ),
    ...all(
      "sent-invitation",
      belongings.sentInvitations,
      "kept",
      "what it offers waits for a review when it is accepted",
    ),
    ...all("link", belongings.links, "lost", "nobody vouches for it any more"),
    ...all("token", belongings.tokens, "lost", NOBODY_ACTS),
    ...all("sign-in", belongings.signIns, "lost", NOBODY_ACTS),
  ];
}

function fact(kind: MergedFact["kind"], name: string, parked: boolean, held: boolean): MergedFact {
  if (parked) return { kind, name, outcome: "lost", why: WAITED };
  return held
    ? { kind, name, outcome: "kept", why: "the account that stays has it already" }
    : { kind, name, outcome: "moved", why: null };
}

/** A right that allows anything is given by a confirmation, never in passing (docs/decisions/0002). */
function waits({ bundle }: Right): boolean {
  return PERMISSIONS_OF[bundle].size > 0;
}

/** What went over, by id: enough to bring it back. */
export type Carried = {
  groups: GroupId[];
  groupsOfBoth: GroupId[];
  assignments: AssignmentId[];
  rights: RightId[];
  sponsored: string[];
};

/** What goes over. */
export function carriedOf({ groups, spaces, rights, sponsored }: Belongings): Carried {
  const moving = <T extends { parked: boolean; held: boolean }>(rows: readonly T[]) =>
    rows.filter(({ parked, held }) => !parked && !held);
  return {
    groups: moving(groups).map(({ id }) => id),
    groupsOfBoth: groups.filter(({ parked, held }) => !parked && held).map(({ id }) => id),
    assignments: spaces.filter(({ parked, other }) => !parked && other === null).map(({ id }) => id),
    rights: moving(rights).map(({ id }) => id),
    sponsored: sponsored.map(({ id }) => id),
  };
}

/**
 * Carries it over. Before: as `belongingsOf` told it. After: what went over belongs to the account that stays, rights parked; what opens a door
 * for the account that goes opens none. Access is the caller's next step.
 */
export async function carry(tx: Tx, pair: Pair, carried: Carried): Promise<void> {
  const { from, to } = pair;
  const run = (text: string, ...more: unknown[]) => tx.query({ text, values: [tx.organization, from, ...more] });
  await run(
    "update local_memberships set account = $3 where organization = $1 and account = $2 and group_id = any ($4)",
    to,
    carried.groups,
  );
  await run(
    "delete from local_memberships where organization = $1 and account = $2 and group_id = any ($3)",
    carried.groupsOfBoth,
  );
  await run(
    "update guest_assignments set account = $3 where organization = $1 and account = $2 and id = any ($4)",
    to,
    carried.assignments,
  );
  await run("update guest_assignments set sponsor = $3 where organization = $1 and sponsor = $2", to);
  for (const table of ["invitation_spaces", "link_spaces"])
    await run(`update ${table} set sponsor = $3 where organization = $1 and sponsor = $2`, to);
  await run(
    `update rights set account = $3, in_force = in_force and bundle = any ($5),
        parked_at = case when bundle = any ($5) then null else statement_timestamp() end
      where organization = $1 and account = $2 and id = any ($4)`,
    to,
    carried.rights,
    Object.entries(PERMISSIONS_OF).flatMap(([bundle, permissions]) => (permissions.size === 0 ? [bundle] : [])),
  );
  await run(SEATS, to);
  await run(RECOUNT);
  await run(
    "update invitations set state = 'superseded', token_hash = null where organization = $1 and account = $2 and state in ('pending', 'needs-review')",
  );
  await run(
    "update address_changes set state = 'superseded', token_hash = null where organization = $1 and account = $2 and state = 'pending'",
  );
  await run(
    "update tokens set revoked_at = statement_timestamp() where organization = $1 and owner = $2 and revoked_at is null",
  );
  for (const table of ["sessions", "single_sign_on_bindings", "credentials"])
    await run(`delete from ${table} where organization = $1 and account = $2`);
  await tx.query({
    text: `update links set disabled_at = statement_timestamp()
      where organization = $1 and maker_kind = 'session' and maker = $2 and disabled_at is null`,
    values: [tx.organization, String(from)],
  });
}

/** A seat goes over as one that is admitted and not taken yet, as in a switch of directories: nobody who waits comes between. */
const SEATS = `
  insert into access as k (organization, account, product, role, state, admitted_at)
  select $1, $3::uuid, t.product, t.role, case t.role when 'guest' then 'over-quota' else 'no-seat' end, t.admitted_at
  from access t where t.organization = $1 and t.account = $2 and t.admitted_at is not null
  order by t.product
  on conflict (organization, account, product) do update set admitted_at = excluded.admitted_at, waiting_since = null
    where k.admitted_at is null and (k.role = 'guest') = (excluded.role = 'guest')`;

/** Admitted ones of theirs have come to these products. */
const RECOUNT = `
  select recount_access($1, array(
    select t.product from access t where t.organization = $1 and t.account = $2 and t.admitted_at is not null))`;
