import type { Db } from "../db/connection.ts";
import type { AccountId, GroupId, InvitationId, ProductId, SiteId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import type { Permission } from "./guests.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import type { Locale } from "./locales.ts";
import type { Target } from "./rights/permissions.ts";
import { type Bind, binding, type IdPage, inScopes, type Within } from "./within.ts";

export const INVITATION_STATES = [
  "pending",
  "expired",
  "accepted",
  "declined",
  "revoked",
  "superseded",
  "needs-review",
] as const;
export const DELIVERIES = [
  "not-requested",
  "queued",
  "accepted",
  "deferred",
  "bounced",
  "failed",
  "suppressed",
] as const;

/** An invitation as faces show it (R88, R140); its link is in nobody's hands but the addressee's. */
export type ShownInvitation = {
  id: InvitationId;
  email: string;
  user: { id: AccountId; userName: string } | null;
  /** `expired` is an open one whose time is over: it can be sent again or extended. */
  state: (typeof INVITATION_STATES)[number];
  delivery: (typeof DELIVERIES)[number];
  sentCount: number;
  sentAt: Date | null;
  expiresAt: Date | null;
  acceptedAt: Date | null;
  /** When what it offers was given; null: not yet. */
  grantedAt: Date | null;
  renewalAskedAt: Date | null;
  /** Why an administrator has to look. */
  review: string | null;
  message: string | null;
  /** The language that its sender, or who signed up, chose; null: the person's, else the organization's. */
  locale: Locale | null;
  /** Who sent it, as the audit names actors. */
  inviter: { kind: string; id: string | null } | null;
  groups: { id: GroupId; name: string }[];
  spaces: { site: string; product: string; space: string; permission: Permission; expiresAt: string | null }[];
  createdAt: Date;
};

const STATE = `case when i.state = 'pending' and i.expires_at <= statement_timestamp() then 'expired' else i.state end`;

/** What invitations can be filtered by. */
export const INVITATION_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "i.id", form: "reference", nullable: false }, keyed: true },
  { name: "email", type: "string", column: { sql: "i.email_key", form: "address", nullable: false } },
  { name: "user", type: "string", column: { sql: "i.account", form: "reference", nullable: true }, keyed: true },
  {
    name: "state",
    type: "string",
    words: INVITATION_STATES,
    column: { sql: `(${STATE})`, form: "exact", nullable: false },
    conditions: {
      ...Object.fromEntries(INVITATION_STATES.map((state) => [state, `i.state = '${state}'`])),
      pending: "i.state = 'pending' and not coalesce(i.expires_at <= statement_timestamp(), false)",
      expired: "i.state = 'pending' and coalesce(i.expires_at <= statement_timestamp(), false)",
    },
  },
  {
    name: "delivery",
    type: "string",
    words: DELIVERIES,
    column: { sql: "i.delivery", form: "exact", nullable: false },
  },
  { name: "sentAt", type: "dateTime", column: { sql: "i.sent_at", form: "time", nullable: true } },
  { name: "expiresAt", type: "dateTime", column: { sql: "i.expires_at", form: "time", nullable: true } },
  { name: "acceptedAt", type: "dateTime", column: { sql: "i.accepted_at", form: "time", nullable: true } },
  { name: "renewalAskedAt", type: "dateTime", column: { sql: "i.renewal_asked_at", form: "time", nullable: true } },
  { name: "createdAt", type: "dateTime", column: { sql: "i.created_at", form: "time", nullable: false } },
);

const COLUMNS = `i.id, i.email, case when a.id is not null then json_build_object('id', a.id, 'userName', a.user_name) end as user,
  ${STATE} as state, i.delivery, i.sent_count as "sentCount", i.sent_at as "sentAt", i.expires_at as "expiresAt",
  i.accepted_at as "acceptedAt", i.granted_at as "grantedAt", i.renewal_asked_at as "renewalAskedAt", i.review, i.message, i.locale,
  case when i.inviter_kind is not null then json_build_object('kind', i.inviter_kind, 'id', i.inviter) end as inviter,
  coalesce((select json_agg(json_build_object('id', g.id, 'name', g.name) order by g.name_key, g.id) from invitation_groups o
    join groups g on g.organization = o.organization and g.id = o.group_id and g.deleted_at is null
    where o.organization = i.organization and o.invitation = i.id), '[]') as groups,
  coalesce((select json_agg(json_build_object('site', s.key, 'product', p.key, 'space', sp.key, 'permission', o.permission,
      'expiresAt', to_char(o.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by s.key, p.key)
    from invitation_spaces o
    join products p on p.organization = o.organization and p.id = o.product
    join sites s on s.organization = p.organization and s.id = p.site
    join spaces sp on sp.organization = o.organization and sp.id = o.space
    where o.organization = i.organization and o.invitation = i.id), '[]') as spaces,
  i.created_at as "createdAt"`;

/** A page of the invitations, the newest first, of those that are about products or groups within the scopes. */
export async function pageOfInvitations(
  db: Db,
  page: IdPage<InvitationId> & { within: Within; filter?: ListFilter | undefined },
): Promise<ShownInvitation[]> {
  const { filter, within } = page;
  const conditions = (bind: Bind, values: unknown[]) => [
    ...(within === null ? [] : [aboutScopes(within, bind)]),
    ...(page.after === null ? [] : [`i.id < ${bind(page.after)}`]),
    ...(filter === undefined ? [] : [listFilterSql(filter, values)]),
  ];
  return select(db, page.limit, conditions, within !== null || (filter !== undefined && !isServed(filter)));
}

/** One invitation. @throws MusterError `not-found`. */
export async function getInvitation(db: Db, id: InvitationId): Promise<ShownInvitation> {
  const [invitation] = await select(db, 1, (bind) => [`i.id = ${bind(id)}`], false);
  if (!invitation) throw new MusterError("not-found", "there is no such invitation", { at: "id" });
  return invitation;
}

/** The product that an invitation is about, where it is about one alone and nothing besides; otherwise it is the organization's. */
export async function productOfInvitation(db: Db, id: InvitationId): Promise<Target | undefined> {
  const rows = await db.query<{ id: ProductId | null; site: SiteId | null }>({
    text: `with recursive reached as (
        select o.group_id as start, o.group_id as id from invitation_groups o where o.organization = $1 and o.invitation = $2
        union
        select r.start, n.parent from reached r join group_nestings n on n.organization = $1 and n.child = r.id
      )
      select distinct p.id, p.site from (
        select o.product from invitation_spaces o where o.organization = $1 and o.invitation = $2
        union all
        select t.product from reached r join role_grants t on t.organization = $1 and t.group_id = r.id
        union all
        -- A group that gives nothing is nobody's product's.
        select null from reached r group by r.start having not exists (
          select from reached s join role_grants t on t.organization = $1 and t.group_id = s.id where s.start = r.start)
      ) w left join products p on p.organization = $1 and p.id = w.product limit 2`,
    values: [db.organization, id],
  });
  const [{ id: product, site } = { id: null, site: null }, ...more] = rows;
  return product === null || site === null || more.length > 0 ? undefined : { kind: "product", id: product, site };
}

/** It offers a group or a space within the scopes. */
function aboutScopes(within: Within, bind: Bind): string {
  return `(exists (select from invitation_groups o where o.organization = i.organization and o.invitation = i.id
      and ${inScopes(within, "group", "o.group_id", bind)})
    or exists (select from invitation_spaces o join products p on p.organization = o.organization and p.id = o.product
      where o.organization = i.organization and o.invitation = i.id and ${inScopes(within, "product", "p", bind)}))`;
}

/** Which ones is found first: what belongs to them is then looked up by a plan that is made once. */
async function select(
  db: Db,
  limit: number,
  conditions: (bind: Bind, values: unknown[]) => string[],
  slow: boolean,
): Promise<ShownInvitation[]> {
  const values: unknown[] = [db.organization, limit];
  const where = ["i.organization = $1", ...conditions(binding(values), values)].join(" and ");
  const found = await db.query<{ id: InvitationId }>({
    text: `select i.id from invitations i where ${where} order by i.id desc limit $2`,
    values,
    prepared: !slow,
  });
  if (found.length === 0) return [];
  return db.query<ShownInvitation>({
    text: `select ${COLUMNS} from invitations i
      left join accounts a on a.organization = i.organization and a.id = i.account
      where i.organization = $1 and i.id = any($2::uuid[]) order by i.id desc`,
    values: [db.organization, found.map(({ id }) => id)],
    prepared: true,
  });
}
