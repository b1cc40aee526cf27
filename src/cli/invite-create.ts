import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { GroupId } from "../db/id.ts";
import { simulate, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import type { Role } from "../identity/grants.ts";
import { resolveGroup } from "../identity/groups.ts";
import type { Permission } from "../identity/guests.ts";
import { type Invite, type InviteAnswer, invite } from "../identity/invitations/invite.ts";
import { resolveProduct } from "../identity/products.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { resolveSpace } from "../identity/spaces.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { instant } from "./input.ts";

type Options = GlobalOptions & {
  role: [product: string, role: Role][];
  group: string[];
  space: [product: string, space: string][];
  permission: Permission;
  sponsor?: string;
  for?: Date;
  until?: Date;
  mail: boolean;
  message?: string;
  dryRun?: true;
};

/** `muster invite create`. */
export function registerInviteCreate(parent: Command, line: CommandLine): void {
  parent
    .command("create <emails...>")
    .description("invite people by address; - reads addresses from standard input")
    .option("--role <product=role>", "a role of a product, through its default group; may be repeated", role, [])
    .option("--group <group>", "a group, as DIRECTORY/NAME or local/NAME; may be repeated", more, [])
    .option("--space <product/space>", "a guest's space; may be repeated for other products", space, [])
    .addOption(
      new Option("--permission <permission>", "what guests may do in their spaces")
        .choices(["can-create-and-edit", "read-only"])
        .default("read-only"),
    )
    .option("--sponsor <person>", "who answers for the guests")
    .option("--for <duration>", "guests stay for so long from now, as in 30d", instant)
    .option("--until <time>", "guests stay until then, as in 2027-01-31T00:00:00Z", instant)
    .option("--no-mail", "send nothing; see invite link")
    .option("--message <text>", "a personal message for the mail")
    .option("--dry-run", "tell what would come of it, and do nothing")
    .action(
      line.inOrganization(async ({ ctx, actor, write }, options: Options, emails: string[]) => {
        const typed = emails.includes("-") ? [...emails.filter((one) => one !== "-"), readFileSync(0, "utf8")] : emails;
        const work = async (tx: Tx) =>
          invite(tx, ctx.config.invitations, [EVERYTHING], await wishOf(tx, typed, options));
        return told(await (options.dryRun ? simulate(ctx, actor, work) : write(work)), options.dryRun === true);
      }),
    );
}

async function wishOf(tx: Tx, emails: readonly string[], options: Options): Promise<Invite> {
  if (options.for && options.until)
    throw new MusterError("usage", "give --for or --until, not both", { at: "--until" });
  const roles: Invite["roles"][number][] = [];
  for (const [product, given] of options.role)
    roles.push({ product: (await resolveProduct(tx, product, options.site)).id, role: given });
  const groups: GroupId[] = [];
  for (const name of options.group) {
    const group = await resolveGroup(tx, name);
    if (!("id" in group)) throw new MusterError("not-found", `there is no group ${name} yet`, { at: name });
    groups.push(group.id);
  }
  const spaces: Invite["spaces"][number][] = [];
  for (const [key, name] of options.space) {
    const product = await resolveProduct(tx, key, options.site);
    spaces.push({
      product: product.id,
      space: (await resolveSpace(tx, product.id, name)).id,
      permission: options.permission,
      sponsor: options.sponsor === undefined ? null : await resolvePerson(tx, options.sponsor),
      expiresAt: options.for ?? options.until ?? null,
    });
  }
  return { emails, roles, groups, spaces, notify: options.mail, message: options.message ?? null };
}

function told({ results, effects }: InviteAnswer, dry: boolean): Answer {
  const lines = [
    table(
      ["address", "verdict", "mail", ""],
      results.map((one) => [
        one.email ?? one.typed,
        one.verdict,
        one.mail === null ? "none" : dry ? "would go out" : "queued",
        "message" in one ? one.message : "",
      ]),
    ),
    ...effects.map(
      ({ role: given, use: { key, seats, guests } }) =>
        `${key}: ${given}; seats ${seats.used} used, ${seats.pending} reserved, of ${seats.limit ?? "any number"}; ` +
        `guests ${guests.used} there, ${guests.pending} reserved, of ${guests.limit ?? "any number"}`,
    ),
    ...(dry ? ["Nothing was done."] : []),
  ];
  const refused = results.filter(({ verdict }) => verdict === "refused").length;
  return {
    json: { dryRun: dry, results, effects },
    text: lines.join("\n"),
    ...(refused > 0 && { exitCode: refused === results.length ? 6 : 8 }),
  };
}

function more(text: string, before: string[]): string[] {
  return [...before, text];
}

function role(text: string, before: Options["role"]): Options["role"] {
  const [, product, given] = /^([^=]+)=(admin|user|guest)$/.exec(text) ?? [];
  if (product === undefined || given === undefined)
    throw new InvalidArgumentError("it must be PRODUCT=admin, PRODUCT=user or PRODUCT=guest");
  return [...before, [product, given as Role]];
}

function space(text: string, before: Options["space"]): Options["space"] {
  const [, product, key] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (product === undefined || key === undefined) throw new InvalidArgumentError("it must be PRODUCT/SPACE");
  return [...before, [product, key]];
}
