import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import { MusterError } from "../errors.ts";

/** A word derived from facts, never stored (R78 to R84). */
export type Status = "invited-not-sent" | "invited" | "active" | "suspended" | "deactivated";

/** The canonical record of account `a` is there and active. */
const IS_LIVE = `exists (select from directory_users c where c.organization = a.organization and c.id = a.canonical
  and c.active and c.deleted_at is null)`;

/** Account `a` is alive in the organization, whatever was given: neither deactivated nor suspended. */
export const IS_ACTIVE = `a.suspended_at is null and ${IS_LIVE}`;

/** An invitation went out to account `a`, or is on its way, that was not superseded because the name passed on. */
const WAS_SENT = `exists (select from invitations i where i.organization = a.organization and i.account = a.id
  and i.delivery <> 'not-requested' and i.state <> 'superseded')`;

/**
 * The status of the accounts `a`: Deactivated over suspended over active over invited (R78 to R84; C3). Invited is who was
 * sent an invitation, or has one on its way, that was not superseded because the name passed on.
 */
export const statusSql = `case
    when not ${IS_LIVE} then 'deactivated'
    when a.suspended_at is not null then 'suspended'
    when a.first_access_at is not null then 'active'
    when ${WAS_SENT} then 'invited'
    else 'invited-not-sent'
  end`;

/** The same, each word as a condition of its own: a filter's plan goes by the facts. */
export const STATUS_CONDITIONS: Readonly<Record<Status, string>> = {
  deactivated: `not ${IS_LIVE}`,
  suspended: `a.suspended_at is not null and ${IS_LIVE}`,
  active: `a.suspended_at is null and a.first_access_at is not null and ${IS_LIVE}`,
  invited: `a.suspended_at is null and a.first_access_at is null and ${IS_LIVE} and ${WAS_SENT}`,
  "invited-not-sent": `a.suspended_at is null and a.first_access_at is null and ${IS_LIVE} and not ${WAS_SENT}`,
};

/** How the person stands on one site, in the words that a site's administrators use (R74 to R77; C3). */
export type SiteStatus = "has-site-access" | "invitation-pending" | "invitation-not-sent" | "no-site-access";
export const SITE_STATUSES: readonly SiteStatus[] = [
  "has-site-access",
  "invitation-pending",
  "invitation-not-sent",
  "no-site-access",
];

/** An open invitation of account `a` offers something of site `s` that was not given yet: such a person is as good as on the site. */
const IS_OFFERED = `exists (select from invitations i where i.organization = a.organization and i.account = a.id
    and i.state = 'pending' and i.granted_at is null and i.expires_at > statement_timestamp())
  and exists (
  with recursive open as (
    select i.id from invitations i where i.organization = a.organization and i.account = a.id and i.state = 'pending'
      and i.granted_at is null and i.expires_at > statement_timestamp()
  ), reached as (
    select o.group_id as id from invitation_groups o join open i on i.id = o.invitation where o.organization = a.organization
    union
    select n.parent from reached r join group_nestings n on n.organization = a.organization and n.child = r.id
  )
  select from products p where p.organization = a.organization and p.site = s.id and (
    exists (select from reached r
      join groups g on g.organization = a.organization and g.id = r.id and g.deleted_at is null
      join role_grants t on t.organization = a.organization and t.group_id = r.id and t.product = p.id
        and not t.needs_confirmation)
    or exists (select from invitation_spaces o join open i on i.id = o.invitation
      where o.organization = a.organization and o.product = p.id)))`;

/** Given the site itself, or with live access to a product of it (R5). As the view `site_memberships` has it, for one account alone. */
const IS_ON_SITE = `(exists (select from rights r where r.organization = a.organization and r.account = a.id and r.in_force
    and r.scope_kind = 'site' and r.scope_id = s.id)
  -- What the person has comes first: it is little beside the products of a site.
  or exists (select from (select l.product from live_access l where l.organization = a.organization and l.account = a.id offset 0) l
    join products p on p.organization = a.organization and p.id = l.product where p.site = s.id))`;

/**
 * The status of the accounts `a` on the sites `s` (R74 to R77), of the same facts as `statusSql`. Whoever was on the site and used a
 * product has site access; without a first access the invitation is pending, or was never sent. A suspended or deactivated person
 * has no site access. First access is the organization's: of several sites none is told apart by it.
 */
export const siteStatusSql = `case
    when not (${IS_ACTIVE}) then 'no-site-access'
    when ${IS_ON_SITE} then case
      when a.first_access_at is not null then 'has-site-access'
      when ${WAS_SENT} then 'invitation-pending'
      else 'invitation-not-sent' end
    when ${IS_OFFERED} then case when ${WAS_SENT} then 'invitation-pending' else 'invitation-not-sent' end
    else 'no-site-access'
  end`;

/**
 * The status of one account.
 * @throws MusterError `not-found` for an account that the organization does not have.
 */
export async function statusOf(db: Db, account: AccountId): Promise<Status> {
  const [row] = await db.query<{ status: Status }>({
    name: "status-of",
    text: `select ${statusSql} as status from accounts a where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no such account", { at: account });
  return row.status;
}
