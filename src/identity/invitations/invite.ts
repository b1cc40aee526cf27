import type { Config } from "../../config.ts";
import { type AccountId, type DirectoryUserId, type InvitationId, type MailId, newId } from "../../db/id.ts";
import { translateStorageError } from "../../db/storage-error.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { listDirectories } from "../directories.ts";
import { insertDirectoryUsers } from "../directory-users/insert.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { settleGuests } from "../guest-rules.ts";
import type { Locale } from "../locales.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { countSeats, lockProducts, refuseOverLimits, type SeatUse } from "../seats.ts";
import type { OrganizationSettings } from "../settings/form.ts";
import { getSettings } from "../settings/settings.ts";
import { readAddresses, type TypedAddress } from "./addresses.ts";
import { openBudget, refuseTooManyOpen } from "./budget.ts";
import { refuseOfferBeyond } from "./ceiling.ts";
import { give } from "./give.ts";
import { mailTo, messageOf } from "./mails.ts";
import { offerOf, type ResultingRole, type Wish } from "./offer.ts";
import { openInvitations, type Settled } from "./open.ts";
import { refuseSeveralSites, withRules } from "./rules.ts";
import { type Verdict, verdictsOn } from "./verdicts.ts";
import { type Warning, warningsOn } from "./warnings.ts";

export type InvitationSettings = Pick<Config["invitations"], "validDays" | "resendCoolDown">;

export type Invite = Wish & {
  /** As they were typed: one or several in each text (R28 to R30). */
  emails: readonly string[];
  /** Whether a mail goes out (R62, R63); left out: as the organization has it (C11). */
  notify?: boolean | undefined;
  /** A personal message for the mail (R59); null: none; undefined: the one that the organization prefills (R60). */
  message: string | null | undefined;
  /** The language of the mail; null: the person's, else the organization's. */
  locale?: Locale | null;
};

/** One address's verdict, its invitation and the mail that is on its way; `mail` null with `notify`: the last one is too young, or the address gets none. */
export type Invited = Verdict & {
  invitation: InvitationId | null;
  mail: MailId | null;
  /** What is probably wrong with the address (R172). */
  warnings: readonly Warning[];
};

export type InviteAnswer = {
  results: Invited[];
  /** What the offer comes to on each product (R44, R50), and what is taken there with it (R144). */
  effects: (ResultingRole & { use: SeatUse })[];
};

/**
 * Invites people by address: creates and adds whoever is unknown (R1, R78), opens one invitation for each address, and gives
 * existing people at once what they may be given (R38). Preview is this very function, rolled back.
 *
 * Before: any. After: each address has its verdict and, unless refused, one live invitation that offers this too; exactly one
 * mail is queued for each when `notify`, none otherwise; accounts, invitations, access, audit and events stand.
 * @param held what the inviter holds: nobody offers more.
 * @throws MusterError `invalid` (no address; a wish that cannot be); `too-many` beyond what one request invites (10 guests or 100 people, C12):
 * then nothing was done (R33); `not-allowed`; `externally-managed` (R23); `conflict` where seats or guest slots are blocked (R143);
 * `cool-down` beyond the budget of invitations.
 */
export async function invite(
  tx: Tx,
  settings: InvitationSettings,
  held: readonly Held[],
  wanted: Invite,
): Promise<InviteAnswer> {
  await refuseExternallyManaged(tx);
  const { invitesPerRequest, notify } = await getSettings(tx);
  const addresses = readAddresses(wanted.emails);
  const asked = await offerOf(tx, wanted);
  const roles = await refuseOfferBeyond(tx, held, asked);
  refuseTooMany(
    addresses.length,
    asked.spaces.length > 0 || roles.some(({ role }) => role === "guest"),
    invitesPerRequest,
  );
  await refuseSeveralSites(tx, roles);
  const budget = await openBudget(tx);
  const offer = await settleGuests(tx, held, asked, roles);
  const warnings = await warningsOn(tx, held, await verdictsOn(tx, addresses, offer));
  const { results, effects } = await inviteTo(tx, settings, addresses, {
    offer,
    roles,
    notify: wanted.notify ?? notify,
    ...(await messageOf(tx, held, wanted)),
    locale: wanted.locale ?? null,
    inviter: tx.actor,
    source: "administrator",
    budget,
  });
  const warned = ({ email }: Invited) => (email === null ? undefined : warnings.get(email)) ?? [];
  return { results: results.map((result) => ({ ...result, warnings: warned(result) })), effects };
}

/**
 * The same for whoever was found to be allowed it: by an administrator, a link, or the rules of signing up.
 * @throws MusterError `conflict` where seats or guest slots are blocked (R143).
 */
export async function inviteTo(
  tx: Tx,
  { validDays, resendCoolDown }: InvitationSettings,
  addresses: readonly TypedAddress[],
  wanted: Settled,
): Promise<InviteAnswer> {
  const { offer, roles } = wanted;
  const products = roles.map(({ product }) => product);
  const before = await countSeats(tx, products);
  const verdicts = await verdictsWithUnknown(tx, addresses, wanted);
  const given = verdicts.filter(({ verdict }) => verdict === "given").flatMap(({ account }) => account ?? []);
  await give(tx, given, offer);
  const opened = await openInvitations(tx, verdicts, wanted, validDays);
  const budget = wanted.budget ?? { unlimited: true };
  await refuseTooManyOpen(tx, budget);
  const mails = wanted.notify ? await mailTo(tx, verdicts, opened, resendCoolDown, budget) : new Map<string, MailId>();
  await record(tx, verdicts, opened, wanted);

  await lockProducts(tx, products);
  const counted = await refuseOverLimits(tx, before, given);
  return {
    results: verdicts.map((verdict) => ({
      ...verdict,
      invitation: (verdict.email !== null && opened.get(verdict.email)) || null,
      mail: (verdict.email !== null && mails.get(verdict.email)) || null,
      warnings: [],
    })),
    effects: roles.flatMap((role) => {
      const use = counted.find(({ product }) => product === role.product);
      return use ? [{ ...role, use }] : [];
    }),
  };
}

/** C12. */
function refuseTooMany(count: number, guests: boolean, limits: OrganizationSettings["invitesPerRequest"]): void {
  if (count === 0) throw new MusterError("invalid", "name at least one e-mail address", { at: "emails" });
  const most = guests ? limits.guests : limits.people;
  if (count > most)
    throw new MusterError(
      "too-many",
      `at most ${most} ${guests ? "guests" : "people"} are invited at once, and these are ${count}; nobody was invited`,
      { at: "emails" },
    );
}

/** Who invites the same stranger at the same moment comes second and finds an account; each look can meet another such. */
const LOOKS = 5;

/** The verdicts, after whoever is unknown was added. */
async function verdictsWithUnknown(tx: Tx, addresses: readonly TypedAddress[], wanted: Settled): Promise<Verdict[]> {
  const { offer, displayName = null } = wanted;
  for (let look = 1; ; look++) {
    const verdicts = await withRules(tx, await verdictsOn(tx, addresses, offer), wanted);
    await tx.query({ text: "savepoint strangers" });
    try {
      return await addUnknown(tx, verdicts, displayName);
    } catch (error) {
      if (look === LOOKS || translateStorageError(error).code !== "uniqueness") throw error;
      await tx.query({ text: "rollback to savepoint strangers" });
    }
  }
}

/** An invited stranger is a record of `internal` under the canonical address, without any credential (design §7). */
async function addUnknown(tx: Tx, verdicts: Verdict[], displayName: string | null): Promise<Verdict[]> {
  const strangers = verdicts.filter(({ verdict, account }) => verdict === "invited" && account === null);
  if (strangers.length === 0) return verdicts;
  const internal = (await listDirectories(tx)).find(({ kind }) => kind === "internal");
  if (!internal) throw new MusterError("internal", "the organization has no directory internal");
  const keys = strangers.flatMap(({ email }) => email ?? []);
  await insertDirectoryUsers(
    tx,
    internal.id,
    keys.map((key) => ({
      id: newId<DirectoryUserId>(),
      immutableId: null,
      externalId: null,
      userName: key,
      active: true,
      email: key,
      displayName,
      resource: { emails: [{ value: key, primary: true }], ...(displayName !== null && { displayName }) },
      contentHash: null,
    })),
  );
  const rows = await tx.query<{ id: AccountId; key: string; alone: boolean }>({
    text: `select a.id, a.user_name_key as key, not exists (select from directory_users u where u.organization = $1
          and u.account = a.id and u.directory <> $3 and u.deleted_at is null) as alone
      from accounts a where a.organization = $1 and a.user_name_key = any ($2)`,
    values: [tx.organization, keys, internal.id],
  });
  // Another directory brought the name since the verdict: an invited stranger never joins it (design §7).
  if (rows.some(({ alone }) => !alone))
    throw new MusterError("conflict", "somebody of this user name arrived at this moment; try again", { at: "emails" });
  const accounts = new Map(rows.map(({ id, key }) => [key, id]));
  return verdicts.map((one) =>
    one.verdict === "invited" && one.account === null && one.email !== null
      ? { ...one, account: accounts.get(one.email) ?? null }
      : one,
  );
}

async function record(
  tx: Tx,
  verdicts: readonly Verdict[],
  opened: ReadonlyMap<string, InvitationId>,
  { offer, source }: Settled,
): Promise<void> {
  await recordChanges(
    tx,
    verdicts.flatMap(({ verdict, email, account }) => {
      const invitation = email === null ? undefined : opened.get(email);
      return invitation === undefined
        ? []
        : [
            {
              action: verdict === "needs-review" ? "invitation.needs-review" : "invitation.created",
              subjectKind: "invitation",
              subject: invitation,
              detail: {
                account,
                verdict,
                source,
                groups: offer.groups,
                spaces: offer.spaces.map(({ space }) => space),
              },
              event: true,
            },
          ];
    }),
  );
}
