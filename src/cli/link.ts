import type { Command } from "commander";
import type { Db } from "../db/connection.ts";
import { type LinkId, parseId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type CostedLink, withCost, withCosts } from "../identity/link-costs.ts";
import {
  createLink,
  disableLink,
  getLink,
  pageOfLinks,
  resetLink,
  type ShownLink,
  usesOfLink,
} from "../identity/links.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { endOf, type When } from "../identity/time-zone.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, shownOnce } from "./dry-run.ts";
import { collected, count, when } from "./input.ts";
import { type ListOptions, latest, listed } from "./list.ts";
import type { Session } from "./session.ts";
import { type OfferOptions, offering, wishOf } from "./wish.ts";

const MOST_LISTED = 1_000;

type CreateOptions = OfferOptions & {
  maxUses?: number;
  ends?: When;
  domain: string[];
  email?: string;
  approval?: true;
  forGood?: true;
};

/** `muster link …`: sign-up URLs that are passed on. */
export function registerLink(program: Command, line: CommandLine): void {
  const link = program.command("link").description("links by which people let themselves in");
  offering(link.command("create <label>").description("make a link; its URL is shown once"))
    .option("--max-uses <n>", "at most so many people", count)
    .option("--ends <time>", "an instant as in 2027-01-31T00:00:00Z, or a period from now as in 30d or P1M", when)
    .option("--for-good", "until it is reset, also where links usually end")
    .option("--domain <domain>", "addresses of this domain alone; may be repeated", collected, [])
    .option("--email <address>", "this address alone")
    .option("--approval", "an administrator decides about everybody who uses it")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: CreateOptions & DryOption, label: string) => {
        const limits = {
          label,
          maxUses: options.maxUses ?? null,
          allowedDomains: options.domain,
          email: options.email ?? null,
          needsApproval: options.approval === true,
        };
        return answerOrTell(session, options, async (tx) => {
          const end = options.forGood ? null : options.ends;
          const expiresAt = end === undefined ? undefined : await endOf(tx, end);
          const made = await createLink(tx, [EVERYTHING], { ...limits, expiresAt }, await wishOf(tx, options));
          return shown(await costed(tx, made.id), urlOf(session, options, made.token));
        });
      }),
    );
  latest(link.command("list").description("links, the newest first")).action(
    line.inOrganization(async ({ db }, options: ListOptions) => {
      const all = await withCosts(db, await listed<ShownLink>(options, (page) => pageOfLinks(db, page), "latest"));
      const rows = all.map((one) => [one.label, one.state, uses(one), offerOf(one), one.expiresAt, one.id]);
      return { json: all, text: table(["label", "state", "uses", "gives", "ends", "id"], rows) };
    }),
  );
  link
    .command("show <link>")
    .description("one link: what it gives, to how many, until when")
    .action(line.inOrganization(async ({ db }, _options: object, name: string) => shown(await costed(db, idOf(name)))));
  link
    .command("uses <link>")
    .description("who used a link")
    .action(
      line.inOrganization(async ({ db }, _options: object, name: string) => {
        const { id } = await getLink(db, idOf(name));
        const all = await usesOfLink(db, id, { after: null, limit: MOST_LISTED });
        return {
          json: all,
          text: table(
            ["address", "used", "invitation"],
            all.map((one) => [one.email, one.usedAt, one.invitation]),
          ),
        };
      }),
    );
  link
    .command("reset <link>")
    .description("give it another URL; the former one is unusable at once")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) => {
        const id = idOf(name);
        const work = async (tx: Tx) => {
          const token = await resetLink(tx, [EVERYTHING], id);
          return shown(await costed(tx, id), urlOf(session, options, token));
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
  link
    .command("disable <link>")
    .description("end it; what was given by it stays")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) => {
        const id = idOf(name);
        const work = async (tx: Tx) => {
          await disableLink(tx, id);
          return shown(await costed(tx, id));
        };
        return answerOrTell(session, options, work, "none");
      }),
    );
}

/** A link's URL, which is shown this once. */
function urlOf({ ctx }: Session, options: DryOption, token: string): string | undefined {
  return shownOnce(options, `${ctx.config.publicUrl}/l/${token}`) ?? undefined;
}

async function costed(db: Db, id: LinkId): Promise<CostedLink> {
  return withCost(db, await getLink(db, id));
}

function shown(link: CostedLink, url?: string): Answer {
  const { groups: _, spaces: __, roles: ___, maker, ...rest } = link;
  const opened = url === undefined ? {} : { url };
  return {
    json: { ...link, ...opened },
    text: facts({ ...opened, ...rest, gives: offerOf(link), uses: uses(link), maker: maker.kind }),
  };
}

/** @throws MusterError `not-found` */
function idOf(text: string): LinkId {
  const id = parseId<LinkId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such link; name it by its id", { at: text });
  return id;
}

function uses({ uses: used, maxUses }: CostedLink): string {
  return `${used} of ${maxUses ?? "any number"}`;
}

function offerOf({ roles, groups, spaces }: CostedLink): string {
  return [
    ...roles.map(
      ({ product, role, takes, left }) =>
        `${product} (${role}: a ${takes === "seat" ? "seat" : "guest slot"} each, ${left ?? "any number"} left)`,
    ),
    ...(roles.length === 0 ? groups.map(({ name }) => name) : []),
    ...spaces.map(({ product, space }) => `${product}/${space}`),
  ].join(", ");
}
