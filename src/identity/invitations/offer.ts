import type { Db } from "../../db/connection.ts";
import type { AccountId, GroupId, InvitationId, LinkId, ProductId, SpaceId } from "../../db/id.ts";
import type { Actor, Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import type { Role } from "../grants.ts";
import type { Permission } from "../guests.ts";

/** A space that a guest gets (R140: fixed when the invitation is sent). */
type OfferedSpace = {
  product: ProductId;
  space: SpaceId;
  permission: Permission;
  sponsor: AccountId | null;
  /** When the guest's stay ends; null: never. */
  expiresAt: Date | null;
};

/** What an invitation gives: groups, and spaces for guests; at most one space of a product (R130). */
export type Offer = { groups: readonly GroupId[]; spaces: readonly OfferedSpace[] };

/** What somebody asks to be offered: roles of products lead into their default groups (R41). */
export type Wish = { roles: readonly { product: ProductId; role: Role }[] } & Offer;

/**
 * The offer that a wish comes to.
 * @throws MusterError `not-found` (group, space, sponsor); `invalid` for two roles of one product (R43), for two spaces of one
 * product, and for a space that ends in the past; `conflict` for a role without a default group.
 */
export async function offerOf(db: Db, wish: Wish): Promise<Offer> {
  refuseTwice(
    wish.roles.map(({ product }) => product),
    "one role of a product at most: a guest who is a user too is a user, and takes a seat",
    "products",
  );
  refuseTwice(
    wish.spaces.map(({ product }) => product),
    "a guest belongs to one space of a product",
    "spaces",
  );
  await requireGroups(db, wish.groups);
  await requireSpaces(db, wish.spaces);
  return {
    groups: [...new Set([...wish.groups, ...(await defaultGroups(db, wish.roles))])].sort(),
    spaces: wish.spaces,
  };
}

function refuseTwice(products: readonly ProductId[], why: string, at: string): void {
  if (new Set(products).size < products.length) throw new MusterError("invalid", why, { at });
}

async function defaultGroups(db: Db, roles: Wish["roles"]): Promise<GroupId[]> {
  const rows = await db.query<{ key: string; role: Role; group: GroupId | null }>({
    text: `select p.key, w.role, g.id as group from unnest($2::uuid[], $3::text[]) w (product, role)
      join products p on p.organization = $1 and p.id = w.product
      left join default_groups f on f.organization = $1 and f.product = w.product and f.role = w.role
      left join groups g on g.organization = $1 and g.id = f.group_id and g.deleted_at is null`,
    values: [db.organization, roles.map(({ product }) => product), roles.map(({ role }) => role)],
  });
  return rows.map(({ key, role, group }) => {
    if (group === null)
      throw new MusterError(
        "conflict",
        `the product ${key} has no default group for the role ${role}; set one, or name a group that has the role`,
        { at: "products" },
      );
    return group;
  });
}

async function requireGroups(db: Db, groups: readonly GroupId[]): Promise<void> {
  const [missing] = await db.query<{ id: string }>({
    text: `select w.id from unnest($2::uuid[]) w (id) where not exists (
        select from groups g where g.organization = $1 and g.id = w.id and g.deleted_at is null) limit 1`,
    values: [db.organization, groups],
  });
  if (missing) throw new MusterError("not-found", "there is no such group", { at: "groups" });
}

async function requireSpaces(db: Db, spaces: readonly OfferedSpace[]): Promise<void> {
  const rows = await db.query<{ known: boolean; guests: boolean; sponsored: boolean; past: boolean }>({
    text: `select s.id is not null as known, coalesce(p.has_guests, false) as guests,
        w.sponsor is null or a.id is not null as sponsored,
        coalesce(w.expires_at <= statement_timestamp(), false) as past
      from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) with ordinality
        w (product, space, sponsor, expires_at, place)
      left join products p on p.organization = $1 and p.id = w.product
      left join spaces s on s.organization = $1 and s.product = w.product and s.id = w.space
      left join accounts a on a.organization = $1 and a.id = w.sponsor
      order by w.place`,
    values: [
      db.organization,
      spaces.map(({ product }) => product),
      spaces.map(({ space }) => space),
      spaces.map(({ sponsor }) => sponsor),
      spaces.map(({ expiresAt }) => expiresAt),
    ],
  });
  for (const [index, { known, guests, sponsored, past }] of rows.entries()) {
    const at = (field: string) => ({ at: `/spaces/${index}/${field}` });
    if (!known) throw new MusterError("not-found", "there is no such space", at("space"));
    if (!guests) throw new MusterError("invalid", "this product has no guests", at("product"));
    if (!sponsored) throw new MusterError("not-found", "there is no such account", at("sponsor"));
    if (past) throw new MusterError("invalid", "the guest's stay would end in the past", at("expiresAt"));
  }
}

/** A product, the role in it that groups give, the highest of all (R49), and which of them give it (R50). */
export type ResultingRole = { product: ProductId; role: Role; groups: { id: GroupId; name: string }[] };

/** What these groups, and those that they are in, give together: shown before anything is sent (R44, R50). */
export async function rolesOf(db: Db, groups: readonly GroupId[]): Promise<ResultingRole[]> {
  return db.query<ResultingRole>({
    text: `with recursive reached as (
        select g.id as start, g.id from groups g where g.organization = $1 and g.id = any ($2) and g.deleted_at is null
        union
        select r.start, n.parent from reached r
        join group_nestings n on n.organization = $1 and n.child = r.id
        join groups g on g.organization = $1 and g.id = n.parent and g.deleted_at is null
      ),
      given as (
        select t.product, r.start, max(array_position(array['guest', 'user', 'admin'], t.role)) as rank,
          max(max(array_position(array['guest', 'user', 'admin'], t.role))) over (partition by t.product) as highest
        from reached r join role_grants t on t.organization = $1 and t.group_id = r.id and not t.needs_confirmation
        group by t.product, r.start
      )
      select v.product, (array['guest', 'user', 'admin'])[v.rank] as role,
        json_agg(json_build_object('id', g.id, 'name', g.name) order by g.name_key, g.id) as groups
      from given v join groups g on g.organization = $1 and g.id = v.start
      where v.rank = v.highest group by v.product, v.rank order by v.product`,
    values: [db.organization, groups],
  });
}

/** What has an offer: its tables, and the column in them that names it. */
const HOLDERS = {
  invitation: { groups: "invitation_groups", spaces: "invitation_spaces", column: "invitation" },
  link: { groups: "link_groups", spaces: "link_spaces", column: "link" },
} as const;
type Holder = keyof typeof HOLDERS;
type HolderId = InvitationId | LinkId;

/** What an invitation or a link offers. */
export async function readOffer(db: Db, holder: Holder, id: HolderId): Promise<Offer> {
  const { groups, spaces, column } = HOLDERS[holder];
  const [row] = await db.query<{ groups: GroupId[] }>({
    text: `select array(select o.group_id from ${groups} o
        join groups g on g.organization = o.organization and g.id = o.group_id and g.deleted_at is null
        where o.organization = $1 and o.${column} = $2 order by o.group_id) as groups`,
    values: [db.organization, id],
  });
  const offered = await db.query<OfferedSpace>({
    text: `select product, space, permission, sponsor, expires_at as "expiresAt" from ${spaces}
      where organization = $1 and ${column} = $2 order by product`,
    values: [db.organization, id],
  });
  return { groups: row?.groups ?? [], spaces: offered };
}

/** Who is asked again, when an offer is accepted, whether they may give it. */
export type Inviter = Pick<Actor, "kind" | "id">;

/** What an invitation offers, in parts by who vouches for them; null: nobody is known to. */
export async function readVouchedOffers(
  db: Db,
  invitation: InvitationId,
): Promise<{ inviter: Inviter | null; offer: Offer }[]> {
  const whole = await readOffer(db, "invitation", invitation);
  const rows = await db.query<{ what: string; inviter: Inviter | null }>({
    text: `select w.what, case when w.kind is not null then json_build_object('kind', w.kind, 'id', w.id) end as inviter
      from (select group_id::text as what, inviter_kind as kind, inviter as id from invitation_groups
          where organization = $1 and invitation = $2
        union all
        select space::text, inviter_kind, inviter from invitation_spaces where organization = $1 and invitation = $2) w`,
    values: [db.organization, invitation],
  });
  const names = new Map(rows.map(({ what, inviter }) => [what, JSON.stringify(inviter)]));
  return [...new Set(names.values())].map((name) => ({
    inviter: JSON.parse(name) as Inviter | null,
    offer: {
      groups: whole.groups.filter((group) => names.get(group) === name),
      spaces: whole.spaces.filter(({ space }) => names.get(space) === name),
    },
  }));
}

type To =
  | { holder: "link"; ids: readonly LinkId[] }
  | { holder: "invitation"; ids: readonly InvitationId[]; inviter: Inviter };

const VOUCHED = "inviter_kind = excluded.inviter_kind, inviter = excluded.inviter";

/**
 * Adds an offer to invitations or links. Before: they are this organization's and their offers were not given. After: each
 * offers this too; a space takes the place of another one of the same product. In an invitation the inviter vouches for it, also
 * where somebody else offered the same before.
 */
export async function addToOffers(tx: Tx, to: To, offer: Offer): Promise<void> {
  if (to.ids.length === 0) return;
  const { groups, spaces, column } = HOLDERS[to.holder];
  const inviter = to.holder === "invitation" ? [to.inviter.kind, to.inviter.id] : [];
  const columns = inviter.length > 0 ? ", inviter_kind, inviter" : "";
  await tx.query({
    text: `insert into ${groups} (organization, ${column}, group_id${columns})
      select $1, i, g${columns && ", $4::text, $5::text"} from unnest($2::uuid[]) i cross join unnest($3::uuid[]) g order by i, g
      on conflict on constraint ${groups}_pk do ${columns ? `update set ${VOUCHED}` : "nothing"}`,
    values: [tx.organization, to.ids, offer.groups, ...inviter],
  });
  await tx.query({
    text: `insert into ${spaces} (organization, ${column}, product, space, permission, sponsor, expires_at${columns})
      select $1, i, w.product, w.space, w.permission, w.sponsor, w.expires_at${columns && ", $8::text, $9::text"}
      from unnest($2::uuid[]) i
      cross join unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[])
        w (product, space, permission, sponsor, expires_at)
      order by i, w.product
      on conflict on constraint ${spaces}_pk do update set space = excluded.space, permission = excluded.permission,
        sponsor = excluded.sponsor, expires_at = excluded.expires_at${columns && `, ${VOUCHED}`}`,
    values: [
      tx.organization,
      to.ids,
      offer.spaces.map(({ product }) => product),
      offer.spaces.map(({ space }) => space),
      offer.spaces.map(({ permission }) => permission),
      offer.spaces.map(({ sponsor }) => sponsor),
      offer.spaces.map(({ expiresAt }) => expiresAt),
      ...inviter,
    ],
  });
}
