import type { Db } from "../../db/connection.ts";
import type { AccountId, AssignmentId, InvitationId, JobId, LinkId, RightId, TokenId, WebhookId } from "../../db/id.ts";
import type { Bundle } from "../rights/bundles.ts";

/** All of a kind are counted, and the first 100 named. */
type Counted<Row> = { total: number; named: Row[] };

/** What hangs on a person and would be left without anybody. */
export type LeftBehind = {
  /** Guests whom they sponsor. */
  guests: Counted<{ id: AssignmentId; userName: string; product: string; space: string; expiresAt: string | null }>;
  /** What they administer: the organization, sites, products, groups. */
  rights: Counted<{ id: RightId; bundle: Bundle; scope: string | null }>;
  /** Open invitations that they sent. */
  invitations: Counted<{ id: InvitationId; email: string; expiresAt: string | null }>;
  /** Links of theirs that work. */
  links: Counted<{ id: LinkId; label: string }>;
  /** Tokens of their own; nobody can take them over, because nobody else knows them. */
  tokens: Counted<{ id: TokenId; name: string | null }>;
  /** Webhooks that they made: the organization's, so they stay. */
  webhooks: Counted<{ id: WebhookId; name: string }>;
  /** What they asked for and is not done. */
  jobs: Counted<{ id: JobId; action: string }>;
};

const MOST_NAMED = 100;

/** Made by account `$2`, in a session or with a token of their own, as audit rows name actors. */
export function madeBy(kind: string, id: string): string {
  return `(${kind} = 'session' and ${id} = $2::uuid::text or ${kind} = 'api-token' and ${id} in (
    select o.id::text from tokens o where o.organization = $1 and o.owner = $2::uuid))`;
}

/** What account `$2` administers. */
export const THEIR_RIGHTS = `rights r where r.organization = $1 and r.account = $2::uuid and r.bundle not in ('basic', 'trusted')`;

/** Open invitations that account `$2` sent, to others. */
export const THEIR_INVITATIONS = `invitations i where i.organization = $1 and i.state in ('pending', 'needs-review')
  and i.account is distinct from $2::uuid and ${madeBy("i.inviter_kind", "i.inviter")}`;

/** Links of account `$2` that work. */
export const THEIR_LINKS = `links l where l.organization = $1 and l.disabled_at is null and ${madeBy("l.maker_kind", "l.maker")}`;

/** Before it is decided what becomes of it: `offBoard` hands it over or ends it. */
export async function leftBehindBy(db: Db, account: AccountId): Promise<LeftBehind> {
  const counted = async <Row>(columns: string, from: string): Promise<Counted<Row>> => {
    const rows = await db.query<{ total: number; row: Row }>({
      text: `select count(*) over ()::integer as total, json_build_object(${columns}) as row from ${from} limit ${MOST_NAMED}`,
      values: [db.organization, account],
      prepared: false,
    });
    return { total: rows[0]?.total ?? 0, named: rows.map(({ row }) => row) };
  };
  return {
    guests: await counted(
      `'id', g.id, 'userName', a.user_name, 'product', p.key, 'space', s.key, 'expiresAt', g.expires_at`,
      `guest_assignments g join accounts a on a.organization = g.organization and a.id = g.account
        join products p on p.organization = g.organization and p.id = g.product
        join spaces s on s.organization = g.organization and s.product = g.product and s.id = g.space
        where g.organization = $1 and g.sponsor = $2::uuid order by g.id`,
    ),
    rights: await counted(
      `'id', r.id, 'bundle', r.bundle, 'scope', coalesce(s.key, ps.key || '/' || p.key, g.name)`,
      `(select r.* from ${THEIR_RIGHTS}) r
        left join sites s on r.scope_kind = 'site' and s.organization = r.organization and s.id = r.scope_id
        left join products p on r.scope_kind = 'product' and p.organization = r.organization and p.id = r.scope_id
        left join sites ps on ps.organization = p.organization and ps.id = p.site
        left join groups g on r.scope_kind = 'group' and g.organization = r.organization and g.id = r.scope_id order by r.id`,
    ),
    invitations: await counted(
      `'id', i.id, 'email', i.email, 'expiresAt', i.expires_at`,
      `${THEIR_INVITATIONS} order by i.id`,
    ),
    links: await counted(`'id', l.id, 'label', l.label`, `${THEIR_LINKS} order by l.id`),
    tokens: await counted(
      `'id', t.id, 'name', t.name`,
      `tokens t where t.organization = $1 and t.owner = $2::uuid and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > statement_timestamp()) order by t.id`,
    ),
    webhooks: await counted(
      `'id', w.id, 'name', w.name`,
      `webhooks w where w.organization = $1 and ${madeBy("w.created_by_kind", "w.created_by")} order by w.id`,
    ),
    jobs: await counted(
      `'id', j.id, 'action', j.action`,
      `jobs j where j.organization = $1 and j.state in ('queued', 'running') and ${madeBy("j.maker_kind", "j.maker")} order by j.id`,
    ),
  };
}
