import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** What an invitation offers, who sent it, and which group of a product stands for each role. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The local group that an invitation to a role of a product leads into. R41.
    create table default_groups (
      organization uuid not null,
      product uuid not null,
      role text not null constraint default_groups_role check (role in ('admin', 'user', 'guest')),
      group_id uuid not null,
      created_at timestamptz not null default now(),
      constraint default_groups_pk primary key (organization, product, role),
      constraint default_groups_product foreign key (organization, product) references products on delete cascade,
      constraint default_groups_group foreign key (organization, group_id) references groups
    );
    create index default_groups_group on default_groups (organization, group_id);

    alter table invitations
      -- Who sent it, as audit rows name actors: asked again when it is accepted.
      add column inviter_kind text,
      add column inviter text,
      add column message text constraint invitations_message_length check (length(message) <= 2000),
      -- When what it offers was given.
      add column granted_at timestamptz,
      -- Why an administrator has to look, with state needs-review.
      add column review text constraint invitations_review check (review in
        ('name-taken', 'several-accounts', 'inviter-may-not', 'second-space', 'no-longer-there', 'read-only')),
      -- When the holder of an expired link asked for a new one.
      add column renewal_asked_at timestamptz;

    create table invitation_groups (
      organization uuid not null,
      invitation uuid not null,
      group_id uuid not null,
      constraint invitation_groups_pk primary key (organization, invitation, group_id),
      constraint invitation_groups_invitation foreign key (organization, invitation) references invitations on delete cascade,
      constraint invitation_groups_group foreign key (organization, group_id) references groups
    );
    create index invitation_groups_group on invitation_groups (organization, group_id);

    -- A guest has one space of a product. R130.
    create table invitation_spaces (
      organization uuid not null,
      invitation uuid not null,
      product uuid not null,
      space uuid not null,
      permission text not null
        constraint invitation_spaces_permission check (permission in ('can-create-and-edit', 'read-only')),
      sponsor uuid,
      expires_at timestamptz,
      constraint invitation_spaces_pk primary key (organization, invitation, product),
      constraint invitation_spaces_invitation foreign key (organization, invitation) references invitations on delete cascade,
      constraint invitation_spaces_space foreign key (organization, product, space)
        references spaces (organization, product, id) on delete cascade
    );
    create index invitation_spaces_space on invitation_spaces (organization, product, space);

    -- What is offered and not given yet takes a seat or a slot: counted by product from here.
    create index invitations_offered on invitations (organization, expires_at)
      where state = 'pending' and granted_at is null;
  `);
  for (const table of ["default_groups", "invitation_groups", "invitation_spaces"]) await protect(knex, table);
}
