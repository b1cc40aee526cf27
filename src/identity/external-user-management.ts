import type { Db } from "../db/connection.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError, type SettingInTheWay } from "../errors.ts";
import { recordChanges } from "./record.ts";

/** Why something is refused, as every face tells it. R19, R24. */
export type Refusal = { code: "externally-managed" | "read-only"; message: string; setting: SettingInTheWay };

const REASON =
  "people are managed outside of Muster: external user management is on, so nobody is added, invited or edited here. " +
  "Another order of the directories does not change that";

const SETTING: SettingInTheWay = {
  name: "externalUserManagement",
  value: "on",
  path: "/settings",
  command: "muster org set --no-external-user-management",
  consequence:
    "once it is off, administrators add, invite and edit people again at once, in the first directory that may be written to",
};

/**
 * Whether people are managed outside of Muster, by identity providers and directories alone; null: they are not. R23 to
 * R25, R164. A rule of the organization, beside what each directory permits.
 *
 * | refused while it is on | goes on |
 * |---|---|
 * | adding a person (`addPerson`) | SCIM requests, sync runs, approvals, undo, `directory switch`: the outside itself |
 * | editing a person (`editPerson`) | roles, groups and their members, spaces of guests: access, not people |
 * | inviting (`invite`, `correctInvitation`, `resendInvitation`; mails that wait already still leave) | suspending and restoring: safety comes first; parked facts are confirmed |
 * | | a guest's end and its follow-up, seats and slots |
 * | | administrators by `muster admin add`, `apply` and the first set-up, in `internal`: a way in while the outside is down (R26) |
 * | | directories, their order, permissions and removal, which alone bring no adding back (R164) |
 */
export async function externalUserManagement(db: Db): Promise<Refusal | null> {
  const [row] = await db.query<{ on: boolean }>({
    name: "external-user-management",
    text: `select external_user_management as "on" from organizations where id = $1`,
    values: [db.organization],
  });
  return row?.on ? { code: "externally-managed", message: REASON, setting: SETTING } : null;
}

/**
 * Called by whatever the table above refuses. Read in the change's own transaction, so that turning it off works at once (R25).
 * @throws MusterError `externally-managed`, with the setting.
 */
export async function refuseExternallyManaged(tx: Tx): Promise<void> {
  const refusal = await externalUserManagement(tx);
  if (refusal) throw refused(refusal);
}

/** The error that a refusal is. */
export function refused({ code, message, setting }: Refusal, at?: string): MusterError {
  return new MusterError(code, `${message}. ${setting.command}: ${setting.consequence}`, {
    setting,
    ...(at === undefined ? {} : { at }),
  });
}

/**
 * Turns external user management on or off. R23, R25.
 * Before: the organization is locked exclusively, so that nobody is being added meanwhile. After: it is so, with an audit
 * row; nobody's access changes. Returns whether it was otherwise before.
 */
export async function setExternalUserManagement(tx: Tx, on: boolean): Promise<boolean> {
  requireExclusive(tx);
  const rows = await tx.query({
    text: `update organizations set external_user_management = $2 where id = $1 and external_user_management <> $2
      returning id`,
    values: [tx.organization, on],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    {
      action: "organization.updated",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { externalUserManagement: on },
    },
  ]);
  return true;
}
