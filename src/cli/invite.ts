import type { Command } from "commander";
import type { Db } from "../db/connection.ts";
import { type InvitationId, parseId } from "../db/id.ts";
import type { OrganizationLock, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { parseFieldFilter } from "../filter/fields.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import {
  getInvitation,
  INVITATION_FIELDS,
  pageOfInvitations,
  type ShownInvitation,
} from "../identity/invitation-pages.ts";
import {
  approveInvitation,
  copyInvitationLink,
  extendInvitation,
  revokeInvitation,
} from "../identity/invitations/change.ts";
import { correctInvitation } from "../identity/invitations/correct.ts";
import { type ResentInvitation, resendInvitation } from "../identity/invitations/resend.ts";
import { emailKey } from "../identity/keys.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { instantOf, type When } from "../identity/time-zone.ts";
import type { IdPage } from "../identity/within.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import { when } from "./input.ts";
import { registerInviteCreate } from "./invite-create.ts";
import { registerInviteImport } from "./invite-import.ts";
import { type FilterOptions, filtered, filterOf, latest, listed } from "./list.ts";
import type { Session } from "./session.ts";

/** `muster invite …`: the only words that send mail to somebody who came by SCIM, sync or import. */
export function registerInvite(program: Command, line: CommandLine): void {
  const command = program.command("invite").description("invitations by e-mail and what became of them");
  registerInviteCreate(command, line);
  registerInviteImport(command, line);
  command
    .command("resend <person>")
    .description("send a person their invitation, the first one or once more; exactly one mail")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, person: string) => {
        const account = await resolvePerson(session.db, person);
        const work = (tx: Tx) => resendInvitation(tx, session.ctx.config.invitations, account);
        const told = (sent: ResentInvitation) => ({
          json: sent,
          text: `${facts(sent)}\nThe mail leaves while a worker runs.`,
        });
        return writeOrTell(session, options, work, told, "none");
      }),
    );
  filtered(
    latest(command.command("list").description("invitations, the newest first")),
    'state eq "pending" and expiresAt lt "2027-01-31T00:00:00Z"',
  ).action(
    line.inOrganization(async ({ db }, options: FilterOptions) => {
      const filter = filterOf(options, INVITATION_FIELDS, "invitations");
      const read = (page: IdPage<InvitationId>) => pageOfInvitations(db, { ...page, within: null, filter });
      const found = await listed<ShownInvitation>(options, read, "latest");
      return {
        json: found,
        text: table(
          ["address", "state", "delivery", "offers", "expires", "id"],
          found.map((one) => [
            one.email,
            one.state,
            one.delivery,
            offerOf(one),
            one.expiresAt?.toISOString() ?? "",
            one.id,
          ]),
        ),
      };
    }),
  );
  command
    .command("show <invitation>")
    .description("one invitation, by its id or the address that it is for")
    .action(
      line.inOrganization(async ({ db }, _options: object, name: string) => shown(await resolveInvitation(db, name))),
    );
  command
    .command("link <invitation>")
    .description("a new link to pass on by hand, without a mail; earlier links are dead")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) => {
        const { publicUrl, invitations } = session.ctx.config;
        const work = async (tx: Tx) => {
          const { id } = await resolveInvitation(tx, name);
          const token = await copyInvitationLink(tx, invitations, [EVERYTHING], id);
          const { expiresAt } = await getInvitation(tx, id);
          const view = { id, link: shownOnce(options, `${publicUrl}/i/${token}`), expiresAt };
          return { json: view, text: facts(view) };
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
  command
    .command("extend <invitation>")
    .description("set anew until when it can be accepted")
    .requiredOption(
      "--until <time>",
      "an instant as in 2027-01-31T00:00:00Z, or a period from now as in 7d or P1M",
      when,
    )
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { until: When }, name: string) => {
        const work = async (tx: Tx, id: InvitationId) => extendInvitation(tx, id, await instantOf(tx, options.until));
        return changed(session, options, name, work, "none");
      }),
    );
  command
    .command("correct <invitation> <email>")
    .description("give an open invitation another address; no second person arises, and no mail goes out")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string, email: string) =>
        changed(session, options, name, (tx, id) => correctInvitation(tx, [EVERYTHING], id, email)),
      ),
    );
  command
    .command("revoke <invitation>")
    .description("take it back; its link opens nothing any more")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) =>
        changed(session, options, name, revokeInvitation),
      ),
    );
  command
    .command("approve <invitation>")
    .description("give what an invitation that needs a review offers")
    .option("--person <person>", "who is meant, where several have the address")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { person?: string }, name: string) =>
        changed(session, options, name, async (tx, id) => {
          const account = options.person === undefined ? null : await resolvePerson(tx, options.person);
          await approveInvitation(tx, [EVERYTHING], id, account);
        }),
      ),
    );
}

/** The invitation as it stands after the change. */
async function changed(
  session: Session,
  options: DryOption,
  name: string,
  change: (tx: Tx, id: InvitationId) => Promise<unknown>,
  lock?: OrganizationLock,
): Promise<Answer> {
  const work = async (tx: Tx) => {
    const { id } = await resolveInvitation(tx, name);
    await change(tx, id);
    return shown(await getInvitation(tx, id));
  };
  return answerOrTell(session, options, work, lock);
}

/** The invitation with this id, or the latest one for this address. @throws MusterError `not-found`. */
async function resolveInvitation(db: Db, text: string): Promise<ShownInvitation> {
  const id = parseId<InvitationId>(text);
  if (id !== undefined) return getInvitation(db, id);
  const address = emailKey(text);
  const [latest] =
    address === null
      ? []
      : await pageOfInvitations(db, {
          after: null,
          limit: 1,
          within: null,
          filter: parseFieldFilter(`email eq ${JSON.stringify(address)}`, INVITATION_FIELDS, "invitations"),
        });
  if (!latest) throw new MusterError("not-found", "there is no invitation with this id or address", { at: text });
  return latest;
}

function shown(invitation: ShownInvitation): Answer {
  const { groups: _, spaces: __, user, inviter, ...rest } = invitation;
  return {
    json: invitation,
    text: facts({ ...rest, user: user?.userName ?? null, inviter: inviter?.kind ?? null, offers: offerOf(invitation) }),
  };
}

function offerOf({ groups, spaces }: ShownInvitation): string {
  return [...groups.map(({ name }) => name), ...spaces.map(({ product, space }) => `${product}/${space}`)].join(", ");
}
