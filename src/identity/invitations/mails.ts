import type { AccountId, InvitationId, MailId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { suppressedAmong } from "../mail-suppressions.ts";
import { defaultMessage, LONGEST_MESSAGE } from "../mail-texts/texts.ts";
import { queueMail } from "../mails.ts";
import { getOrganization } from "../organizations.ts";
import { type Held, holds } from "../rights/permissions.ts";
import { type InvitationBudget, mailsToOneAddress, spendMails } from "./budget.ts";
import type { Invite } from "./invite.ts";
import type { Verdict } from "./verdicts.ts";

/** What stands in the mail, and whether what is a link in it stays one: an organization administrator's words, never anybody else's (F28). */
export async function messageOf(
  tx: Tx,
  held: readonly Held[],
  { message, locale = null }: Pick<Invite, "message" | "locale">,
): Promise<{ message: string | null; messageLinks: boolean }> {
  if (message === undefined) {
    const prefilled = await defaultMessage(tx, locale ?? (await getOrganization(tx)).locale);
    return { message: prefilled, messageLinks: true };
  }
  if (message !== null && message.length > LONGEST_MESSAGE)
    throw new MusterError("invalid", `a personal message is ${LONGEST_MESSAGE} characters long at most`, {
      at: "message",
    });
  return { message, messageLinks: holds(held, "settings:write", { kind: "organization" }) };
}

/**
 * One mail to each who is asked, but for those whose last one is younger than the cool-down, who have had as many as one address gets, and addresses that
 * get none.
 * @throws MusterError `cool-down` beyond the budget.
 */
export async function mailTo(
  tx: Tx,
  verdicts: readonly Verdict[],
  opened: ReadonlyMap<string, InvitationId>,
  coolDown: number,
  budget: InvitationBudget,
): Promise<Map<string, MailId>> {
  const { inAll, perDay } = mailsToOneAddress(budget);
  const asked = verdicts.flatMap(({ email, verdict }) =>
    verdict === "needs-review" ? [] : ((email && opened.get(email)) ?? []),
  );
  const suppressed = (await suppressedAmong(tx, [...opened.keys()])).map(({ email }) => email);
  await tx.query({
    text: `update invitations i set delivery = 'suppressed'
      where i.organization = $1 and i.id = any ($2) and i.state = 'pending' and i.email_key = any ($3)`,
    values: [tx.organization, asked, suppressed],
  });
  const due = await tx.query<{ id: InvitationId; account: AccountId; email: string; number: number }>({
    text: `update invitations i set delivery = 'queued', sent_count = i.sent_count + 1
      where i.organization = $1 and i.id = any ($2) and i.state = 'pending' and i.account is not null
        and i.email_key <> all ($6) and not exists (select from mails m where m.organization = $1 and m.account = i.account and m.kind = 'invitation'
          and m.state <> 'cancelled' and m.created_at > statement_timestamp() - make_interval(secs => $3))
        and $4 > (select count(*) from mails m where m.organization = $1 and m.kind = 'invitation'
          and m.recipient = i.email_key and m.state <> 'cancelled')
        and $5 > (select count(*) from mails m where m.organization = $1 and m.kind = 'invitation'
          and m.recipient = i.email_key and m.state <> 'cancelled' and m.created_at > statement_timestamp() - interval '1 day')
      returning i.id, i.account, i.email_key as email, i.sent_count as number`,
    values: [tx.organization, asked, coolDown, inAll, perDay, suppressed],
  });
  await spendMails(tx, budget, due.length);
  const mails = new Map<string, MailId>();
  for (const { id, account, email, number } of due)
    mails.set(
      email,
      await queueMail(tx, {
        kind: "invitation",
        dedupeKey: `invite:${id}:${number}`,
        account,
        invitation: id,
        recipient: email,
      }),
    );
  return mails;
}
