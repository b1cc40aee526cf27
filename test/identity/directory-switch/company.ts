import { expect } from "vitest";
import type { Context } from "../../../src/context.ts";
import type { AccountId, DirectoryId } from "../../../src/db/id.ts";
import { simulate } from "../../../src/db/transaction.ts";
import {
  type DirectorySwitch,
  type SwitchRequest,
  switchDirectory,
} from "../../../src/identity/directory-switch/switch.ts";
import { makeOrganization } from "../access/organization.ts";

let count = 0;

/** A company that has people in `corp`, above `entra`, to which they are to be moved. */
export async function company(ctx: Context, key = "company") {
  const org = await makeOrganization(ctx, `${key}-${++count}`);
  const [corp, entra] = [await org.directory("corp"), await org.directory("entra")];
  const request = (match: string, more: Partial<SwitchRequest>): SwitchRequest => ({
    from: corp,
    to: entra,
    match,
    groups: "none",
    ...more,
  });
  const account = async (userName: string) => {
    const [row] = await org.db.query<Account>({
      text: `select a.id, a.user_name as "userName", a.email, a.first_access_at as first, a.last_access_at as last,
          a.suspended_at is not null as suspended, d.name as directory
        from accounts a left join directory_users u on u.organization = a.organization and u.id = a.canonical
        left join directories d on d.organization = a.organization and d.id = u.directory
        where a.organization = $1 and a.user_name_key = $2`,
      values: [org.id, userName],
    });
    if (!row) throw new Error(`nobody is ${userName}`);
    return row;
  };
  return {
    org,
    corp,
    entra,
    switch: (match: string, more: Partial<SwitchRequest> = {}): Promise<DirectorySwitch> =>
      org.alone((tx) => switchDirectory(tx, request(match, more))),
    preview: (match: string, more: Partial<SwitchRequest> = {}): Promise<DirectorySwitch> =>
      simulate(ctx, org.actor, (tx) => switchDirectory(tx, request(match, more)), { lock: "exclusive" }),
    account,
    /** The live records of a directory by user name. */
    names: async (directory: DirectoryId) => {
      const rows = await org.db.query<{ name: string }>({
        text: `select user_name as name from directory_users
          where organization = $1 and directory = $2 and deleted_at is null order by user_name_key`,
        values: [org.id, directory],
      });
      const [counted] = await org.db.query<{ people: number }>({
        text: "select count_directory_users($1, $2) as people",
        values: [org.id, directory],
      });
      expect(counted?.people).toBe(rows.length);
      return rows.map((row) => row.name);
    },
    mails: async () => {
      const [row] = await org.db.query<{ count: number }>({
        text: "select count(*) as count from mails where organization = $1",
        values: [org.id],
      });
      return row?.count;
    },
    /** How many switches the audit holds. */
    audited: async () => {
      const [row] = await org.db.query<{ count: number }>({
        text: "select count(*) as count from audit where organization = $1 and action = 'directory.switched'",
        values: [org.id],
      });
      return row?.count;
    },
    /** What waits for a confirmation. */
    parked: async () => {
      const rows = await org.db.query<{ what: string }>({
        text: `select 'rights of ' || a.user_name as what from rights r join accounts a on a.organization = $1 and a.id = r.account
            where r.organization = $1 and r.parked_at is not null
          union all select 'space of ' || a.user_name from guest_assignments g
            join accounts a on a.organization = $1 and a.id = g.account where g.organization = $1 and g.parked_at is not null
          union all select 'membership of ' || a.user_name from local_memberships m
            join accounts a on a.organization = $1 and a.id = m.account where m.organization = $1 and m.parked_at is not null
          order by 1`,
        values: [org.id],
      });
      return rows.map((row) => row.what);
    },
    /** Who a person is: sets that an account was used. */
    use: (id: AccountId, at: string) =>
      org.shared((tx) =>
        tx.query({
          text: "update accounts set first_access_at = $3, last_access_at = $3 where organization = $1 and id = $2",
          values: [org.id, id, at],
        }),
      ),
  };
}

type Account = {
  id: AccountId;
  userName: string;
  email: string | null;
  first: Date | null;
  last: Date | null;
  suspended: boolean;
  directory: string | null;
};
