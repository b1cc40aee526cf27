/**
 * What these named is never deleted: records and groups become tombstones, accounts and products stay. That the application
 * cannot is what the foreign keys were good for, and costs nothing; they cost a tenth of a change of many members, because
 * each row was looked up and locked once more. Members are inserted by `write_members` alone, which holds the records;
 * access by `write_access` alone, which holds the accounts.
 */
export const LASTING = `
  revoke delete on accounts, products, directory_users, directory_groups from muster_app;
  alter table access drop constraint access_account, drop constraint access_product;
  alter table remote_memberships drop constraint remote_memberships_group, drop constraint remote_memberships_user;
`;

/**
 * Whoever reads events reads them in the order of commits, so one index says which is which and in which order they come.
 * And no statement asks what is inside of these documents: to sort thousands of them for statistics is for nothing.
 */
export const RECORD = `
  alter table outbox drop constraint outbox_pk;
  drop index outbox_commit_order;
  alter table outbox add constraint outbox_pk primary key (organization, transaction, id);
  alter table outbox alter column data set statistics 0;
  alter table audit alter column detail set statistics 0;
`;
