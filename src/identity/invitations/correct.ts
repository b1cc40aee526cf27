import type { AccountId, DirectoryId, DirectoryUserId, InvitationId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { lockDirectoryUser } from "../directory-users/read.ts";
import { updateDirectoryUsers } from "../directory-users/update.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { emailKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseOfferBeyond } from "./ceiling.ts";
import { lockInvitation, requireState } from "./change.ts";
import { readOffer } from "./offer.ts";

type InvitedRecord = { id: DirectoryUserId; directory: DirectoryId; kind: string; name: string; used: boolean };

/**
 * Gives an open invitation another address: the same person, the same offer, no second account (R173).
 *
 * Before: any. After: the invited stranger's record and account have the new address and name; every link to the old one is dead, and
 * no mail has gone to the new one: that takes a resend.
 * @param held what the caller holds: another address is another person, so it takes what inviting that one takes.
 * @throws MusterError `invalid` (no address); `not-allowed`; `not-found`; `uniqueness` when somebody has the new address; `conflict` when the
 * invitation is not open, or is about somebody who was not made by it: their directory says the address.
 */
export async function correctInvitation(tx: Tx, held: readonly Held[], id: InvitationId, email: string): Promise<void> {
  await refuseExternallyManaged(tx);
  const address = emailKey(email);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  const { state, account, email: before } = await lockInvitation(tx, id);
  requireState(state, "pending");
  if (before === address) return;
  await refuseOfferBeyond(tx, held, await readOffer(tx, "invitation", id));
  const record = account === null ? undefined : await invitedRecord(tx, account);
  if (record?.kind !== "internal" || record.name !== before || record.used)
    throw new MusterError(
      "conflict",
      "this person was there before the invitation; the address is changed where their record is",
      { at: "id" },
    );
  await refuseTaken(tx, address);
  const stored = await lockDirectoryUser(tx, record.directory, record.id);
  if (!stored) throw new MusterError("conflict", "this person is gone", { at: "id" });
  const resource = { ...stored.resource, emails: [{ value: address, primary: true }] };
  await updateDirectoryUsers(tx, record.directory, [{ ...stored, userName: address, email: address, resource }]);
  await tx.query({
    text: `update invitations set email = $3, email_key = $3, token_hash = null, delivery = 'not-requested', sent_at = null
      where organization = $1 and id = $2`,
    values: [tx.organization, id, address],
  });
  await recordChanges(tx, [
    {
      action: "invitation.corrected",
      subjectKind: "invitation",
      subject: id,
      detail: { account, before, after: address },
      event: true,
    },
  ]);
}

async function invitedRecord(tx: Tx, account: AccountId): Promise<InvitedRecord | undefined> {
  const [row] = await tx.query<InvitedRecord>({
    text: `select u.id, u.directory, d.kind, u.user_name_key as name, a.first_access_at is not null as used
      from accounts a
      join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      join directories d on d.organization = u.organization and d.id = u.directory
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  return row;
}

async function refuseTaken(tx: Tx, address: string): Promise<void> {
  const rows = await tx.query({
    text: "select id from accounts where organization = $1 and (email_key = $2 or user_name_key = $2) limit 1",
    values: [tx.organization, address],
  });
  if (rows.length > 0)
    throw new MusterError(
      "uniqueness",
      "somebody has this address as user name or e-mail already; invite them instead",
      {
        at: "email",
      },
    );
}
