import type { Knex } from "knex";
import { protect } from "./protect.ts";

/**
 * The chain that seals committed audit rows afterwards (design §3.2). The application appends seals and can change none; what
 * they say is proven by a key that the database never sees.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The order of the chain: that of commits, as the feed of events has it.
    create index audit_commit_order on audit (organization, transaction, id);
    -- The transaction that took a row's words away, in which account.erased stands too.
    alter table audit add column erased_in xid8;

    create table audit_seals (
      organization uuid not null constraint audit_seals_organization references organizations,
      -- 1, 2, 3 …: of several that seal at once one makes the next.
      position bigint not null,
      -- The last row that it covers; the first is the one after the last of the seal before.
      last_transaction xid8 not null,
      last_row bigint not null,
      -- The rows in their order, and 32 bytes for each: 16 of what stays when it is erased, 16 of its detail.
      rows bigint[] not null,
      digests bytea not null,
      -- Tells keys apart and says nothing else of them.
      key_mark text not null,
      sealed_at timestamptz not null,
      -- HMAC over all of this and the seal before.
      seal bytea not null,
      constraint audit_seals_pk primary key (organization, position),
      constraint audit_seals_digests check (octet_length(digests) = 32 * cardinality(rows))
    );

    create function audit_behind(at_most integer) returns table (organization uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select o.id from organizations o
        left join lateral (
          select s.last_transaction, s.last_row from audit_seals s
          where s.organization = o.id order by s.position desc limit 1) l on true
        where exists (
          select from audit a
          where a.organization = o.id
            and (a.transaction, a.id) > (coalesce(l.last_transaction, '0'::xid8), coalesce(l.last_row, 0))
            and a.transaction < transactions_settled())
        limit at_most
      $$;
    revoke all on function audit_behind(integer) from public;
    grant execute on function audit_behind(integer) to muster_app;
  `);
  await protect(knex, "audit_seals", {
    append: [
      "organization",
      "position",
      "last_transaction",
      "last_row",
      "rows",
      "digests",
      "key_mark",
      "sealed_at",
      "seal",
    ],
  });
}
