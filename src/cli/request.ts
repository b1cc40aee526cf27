import { type Command, Option } from "commander";
import { type AccessRequestId, parseId } from "../db/id.ts";
import type { OrganizationLock, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import {
  type AccessRequest,
  approveRequest,
  denyRequest,
  getRequest,
  pageOfRequests,
  REQUEST_STATES,
  snoozeRequest,
  unblockRequest,
} from "../identity/access-requests.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { instantOf, type When } from "../identity/time-zone.ts";
import type { IdPage } from "../identity/within.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryable, dryRunOption } from "./dry-run.ts";
import { when } from "./input.ts";
import { type ListOptions, latest, listed } from "./list.ts";
import type { Session } from "./session.ts";
import { type OfferOptions, offering, wishOf } from "./wish.ts";

/** `muster request …`: people who ask to be let in. */
export function registerRequest(program: Command, line: CommandLine): void {
  const request = program.command("request").description("people who ask for access");
  latest(request.command("list").description("requests, the newest first; by default those that wait for a decision"))
    .addOption(new Option("--state <state>", "of this state").choices([...REQUEST_STATES]).default("open"))
    .action(
      line.inOrganization(async ({ db }, options: ListOptions & { state: AccessRequest["state"] }) => {
        const read = (page: IdPage<AccessRequestId>) => pageOfRequests(db, { ...page, state: options.state });
        const all = await listed<AccessRequest>(options, read, "latest");
        const rows = all.map((one) => [one.email, one.name, one.source, wants(one), one.createdAt, one.id]);
        return { json: all, text: table(["address", "name", "by", "wants", "since", "id"], rows) };
      }),
    );
  request
    .command("show <request>")
    .description("one request, by its id")
    .action(
      line.inOrganization(async ({ db }, _options: object, name: string) => shown(await getRequest(db, idOf(name)))),
    );
  offering(
    dryable(request.command("approve <request>")).description(
      "let them in: an invitation goes to the address, for what was asked for or for what options say",
    ),
  ).action(
    line.inOrganization((session, options: OfferOptions & DryOption, name: string) => {
      const { invitations } = session.ctx.config;
      const asked = options.role.length + options.group.length + options.space.length === 0;
      return changed(session, options, name, async (tx, id) =>
        approveRequest(tx, invitations, [EVERYTHING], id, asked ? null : await wishOf(tx, options)),
      );
    }),
  );
  request
    .command("deny <request>")
    .description("say no; nobody is mailed")
    .option("--answer <text>", "why, for the record")
    .option("--block", "and take no more requests of this address")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { answer?: string; block?: true }, name: string) => {
        const { answer = null, block = false } = options;
        return changed(session, options, name, (tx, id) => denyRequest(tx, id, { answer, blocks: block }), "none");
      }),
    );
  request
    .command("snooze <request>")
    .description("put the decision off")
    .requiredOption(
      "--until <time>",
      "an instant as in 2027-01-31T00:00:00Z, or a period from now as in 7d or P1M",
      when,
    )
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { until: When }, name: string) => {
        const work = async (tx: Tx, id: AccessRequestId) => snoozeRequest(tx, id, await instantOf(tx, options.until));
        return changed(session, options, name, work, "none");
      }),
    );
  request
    .command("unblock <request>")
    .description("let an address that was shut out ask again")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) =>
        changed(session, options, name, unblockRequest, "none"),
      ),
    );
}

/** The request as it stands after the change. */
async function changed(
  session: Session,
  options: DryOption,
  name: string,
  change: (tx: Tx, id: AccessRequestId) => Promise<unknown>,
  lock?: OrganizationLock,
): Promise<Answer> {
  const id = idOf(name);
  const work = async (tx: Tx) => {
    await change(tx, id);
    return shown(await getRequest(tx, id));
  };
  return answerOrTell(session, options, work, lock);
}

function shown(request: AccessRequest): Answer {
  const { product: _, role: __, ...rest } = request;
  return { json: request, text: facts({ ...rest, wants: wants(request) }) };
}

function wants({ product, role, source }: AccessRequest): string {
  if (product !== null) return `${product.key} (${role ?? "user"})`;
  return source === "link" ? "what the link gives" : "";
}

/** @throws MusterError `not-found` */
function idOf(text: string): AccessRequestId {
  const id = parseId<AccessRequestId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such request; name it by its id", { at: text });
  return id;
}
