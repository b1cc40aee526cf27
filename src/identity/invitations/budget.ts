import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { heldByActor } from "../rights/held-by-actor.ts";
import { holds } from "../rights/permissions.ts";
import type { OrganizationSettings } from "../settings/form.ts";
import { getSettings } from "../settings/settings.ts";

/** Where a refusal by a budget says that it is one: a job then waits, instead of telling the person's row. */
export const OVER_BUDGET = "invitationBudget";

/** What the mails of whoever invites now are held against; `unlimited`: nothing. */
export type InvitationBudget =
  | { unlimited: true }
  | { unlimited: false; everywhere: boolean; limits: OrganizationSettings["invitationBudget"] };

/** Mails to one address that may still go out, where there is no limit. */
const ANY = 2_147_483_647;

const WAY_OUT = "invite without a mail and pass the link on by hand (invite link, copy-link)";

/**
 * Begins to spend. Whoever works at the machine is not held, as they could change the settings; nor are strangers, whose budget is
 * that of the public pages. Before: no account is locked. After: whoever else spends in this organization waits for the end of
 * `tx`, so that many at the same moment cannot pass together.
 */
export async function openBudget(tx: Tx): Promise<InvitationBudget> {
  if (tx.actor.kind === "command" || tx.actor.kind === "system") return { unlimited: true };
  await tx.query({ text: "select pg_advisory_xact_lock(hashtextextended($1, 4246))", values: [tx.organization] });
  const everywhere = holds(await heldByActor(tx, tx.actor), "settings:write", { kind: "organization" });
  return { unlimited: false, everywhere, limits: (await getSettings(tx)).invitationBudget };
}

/** How many mails one address gets, ever and in 24 hours. */
export function mailsToOneAddress(budget: InvitationBudget): { inAll: number; perDay: number } {
  if (budget.unlimited) return { inAll: ANY, perDay: ANY };
  const { addressInAll, addressPerDay } = budget.limits;
  return { inAll: addressInAll, perDay: budget.everywhere ? ANY : addressPerDay };
}

/**
 * Refuses mails of which more have gone out than may. Before: the budget is open and they are not queued yet.
 * @throws MusterError `cool-down` at `invitationBudget`, with the seconds after which they would fit.
 */
export async function spendMails(tx: Tx, budget: InvitationBudget, mails: number): Promise<void> {
  if (budget.unlimited || mails === 0) return;
  const { inviterPerHour, inviterPerDay, organizationPerDay } = budget.limits;
  if (!budget.everywhere) {
    const mine = "m.maker_kind = $4 and m.maker is not distinct from $5";
    await refuseBeyond(tx, { most: inviterPerHour, hours: 1, of: mine, whose: "you have" }, mails);
    await refuseBeyond(tx, { most: inviterPerDay, hours: 24, of: mine, whose: "you have" }, mails);
  }
  // What strangers and the machine's own commands cause takes nothing from administrators.
  const ours = "m.maker_kind not in ('system', 'command') and ($4::text, $5::text) is not null";
  await refuseBeyond(tx, { most: organizationPerDay, hours: 24, of: ours, whose: "the organization has" }, mails);
}

async function refuseBeyond(
  tx: Tx,
  { most, hours, of, whose }: { most: number; hours: number; of: string; whose: string },
  mails: number,
): Promise<void> {
  const [row] = await tx.query<{ sent: number; wait: number | null }>({
    text: `with sent as (
        select m.created_at, row_number() over (order by m.created_at desc) as place from mails m
        where m.organization = $1 and m.kind = 'invitation' and m.state <> 'cancelled'
          and m.created_at > statement_timestamp() - make_interval(hours => $2) and ${of}
      )
      select (select count(*)::integer from sent) as sent,
        (select ceil(extract(epoch from s.created_at + make_interval(hours => $2) - statement_timestamp()))::integer
          from sent s where s.place = greatest($3::integer, 0) + 1) as wait`,
    values: [tx.organization, hours, most - mails, tx.actor.kind, tx.actor.id],
  });
  const sent = row?.sent ?? 0;
  if (sent + mails <= most) return;
  const wait = mails > most ? hours * 3_600 : Math.max(row?.wait ?? 1, 1);
  throw new MusterError(
    "cool-down",
    `${whose} sent ${sent} invitations in ${hours} h, and ${most} may go out; nobody was invited. Try again in ${wait} s, or ${WAY_OUT}`,
    { at: OVER_BUDGET, retryAfter: wait },
  );
}

/**
 * Refuses more open invitations than an organization of this size needs. Before: those of this change are open.
 * @throws MusterError `cool-down` at `invitationBudget`, with the seconds until the first of them expires.
 */
export async function refuseTooManyOpen(tx: Tx, budget: InvitationBudget): Promise<void> {
  if (budget.unlimited || budget.everywhere) return;
  const { openAtLeast, openPerMember } = budget.limits;
  const [row] = await tx.query<{ open: number; members: number; wait: number | null }>({
    text: `select count(*)::integer as open,
        ceil(extract(epoch from min(expires_at) - statement_timestamp()))::integer as wait,
        (select count(distinct account)::integer from live_access where organization = $1) as members
      from invitations where organization = $1 and state = 'pending' and expires_at > statement_timestamp()`,
    values: [tx.organization],
  });
  const most = Math.max(openAtLeast, openPerMember * (row?.members ?? 0));
  const open = row?.open ?? 0;
  if (open <= most) return;
  throw new MusterError(
    "cool-down",
    `with this ${open} invitations would be open, and ${most} may be; nobody was invited. Revoke some, or wait until they are accepted`,
    { at: OVER_BUDGET, retryAfter: Math.max(row?.wait ?? 1, 1) },
  );
}

/**
 * Refuses a mail to an address that has had its mails. Before: the budget is open.
 * @throws MusterError `cool-down` with the seconds until the next one; `conflict` when it gets none any more.
 */
export async function refuseAddress(tx: Tx, budget: InvitationBudget, email: string): Promise<void> {
  const { inAll, perDay } = mailsToOneAddress(budget);
  if (inAll === ANY) return;
  const [row] = await tx.query<{ sent: number; today: number; wait: number | null }>({
    text: `select count(*)::integer as sent, count(*) filter (where recent)::integer as today,
        ceil(extract(epoch from min(created_at) filter (where recent) + interval '1 day' - statement_timestamp()))::integer as wait
      from (select created_at, created_at > statement_timestamp() - interval '1 day' as recent from mails
        where organization = $1 and kind = 'invitation' and recipient = $2 and state <> 'cancelled') m`,
    values: [tx.organization, email],
  });
  if ((row?.sent ?? 0) >= inAll)
    throw new MusterError(
      "conflict",
      `this address has had ${row?.sent} invitations by mail and gets no more; ${WAY_OUT}`,
      {
        at: "email",
      },
    );
  const wait = Math.max(row?.wait ?? 1, 1);
  if ((row?.today ?? 0) >= perDay)
    throw new MusterError(
      "cool-down",
      `this address has had its mails of today; try again in ${wait} s, or ${WAY_OUT}`,
      {
        at: "email",
        retryAfter: wait,
      },
    );
}
