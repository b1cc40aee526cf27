import { type Command, InvalidArgumentError, Option } from "commander";
import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { letDomainSignUp } from "../identity/invitations/sign-up-offer.ts";
import { emailKey } from "../identity/keys.ts";
import { keysOfProducts, resolveProduct } from "../identity/products.ts";
import { getSignUp, type SignUp, type SignUpRole, setSignUp, signUpVerdict } from "../identity/sign-up.ts";
import { type Answer, facts } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryable, dryRunOption, writeOrTell } from "./dry-run.ts";
import { collected } from "./input.ts";

type NamedRole = { product: string; role: "user" | "guest"; domain: string | null; needsApproval: boolean };
type SetOptions = GlobalOptions & {
  mode?: SignUp["mode"];
  verification?: SignUp["verification"];
  notices?: boolean;
  requests?: boolean;
  role?: NamedRole[] | false;
};

type AllowOptions = GlobalOptions & DryOption & { product: string[]; approval?: true };

/** `muster sign-up …`: who may make an account for themselves, and with what. */
export function registerSignUp(program: Command, line: CommandLine): void {
  const signUp = program.command("sign-up").description("who may make an account for themselves, and with what");
  signUp
    .command("show")
    .description("how people sign up")
    .action(line.inOrganization(async ({ db }) => shown(db)));
  signUp
    .command("set")
    .description("change how people sign up; what is left out stays")
    .addOption(new Option("--mode <mode>", "restricted: by the sign-up domains").choices(["off", "restricted", "open"]))
    .addOption(
      new Option("--verification <when>", "whether an address is always proven by mail").choices([
        "always",
        "restricted-only",
      ]),
    )
    .option("--notices", "tell administrators of everybody who signed up")
    .option("--no-notices", "do not")
    .option("--requests", "people may ask for access")
    .option("--no-requests", "they may not")
    .option("--role <role>", "all roles that come with it: PRODUCT=user[@DOMAIN][,approval]; may be repeated", role)
    .option("--no-role", "no roles")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: SetOptions & DryOption) =>
        answerOrTell(session, options, async (tx) => {
          const before = await getSignUp(tx);
          const { mode = before.mode, verification = before.verification } = options;
          const { notices = before.notices, requests = before.requests } = options;
          const roles =
            options.role === undefined
              ? before.roles
              : options.role === false
                ? []
                : await resolved(tx, options.role, options.site);
          await setSignUp(tx, session.ctx.config.mail, { mode, verification, notices, requests, roles });
          return shown(tx);
        }),
      ),
    );
  dryable(signUp.command("allow <domain>"))
    .description("let everybody with an address of a domain sign up, and to these products; what else is said stays")
    .option("--product <key>", "to which they come as users; may be repeated", collected, [])
    .option("--approval", "an administrator decides about each role")
    .action(
      line.inOrganization((session, options: AllowOptions, domain: string) => {
        const work = async (tx: Tx) => {
          const roles: Omit<SignUpRole, "domain">[] = [];
          for (const key of options.product) {
            const { id } = await resolveProduct(tx, key, options.site);
            roles.push({ product: id, role: "user", needsApproval: options.approval === true });
          }
          await letDomainSignUp(tx, session.ctx.config.mail, domain, roles);
          return shown(tx);
        };
        return writeOrTell(session, options, work, (answer) => answer, "exclusive");
      }),
    );
  signUp
    .command("test <email>")
    .description("whether an address could sign up, and with which roles")
    .action(
      line.inOrganization(async ({ db }, _options: object, email: string) => {
        const key = emailKey(email);
        if (key === null) throw new MusterError("invalid", "this is no e-mail address", { at: email });
        const { roles, ...verdict } = await signUpVerdict(db, key);
        const view = { ...verdict, roles: await named(db, roles) };
        return { json: view, text: facts({ ...verdict, roles: view.roles.map(inWords).join(", ") || "none" }) };
      }),
    );
}

async function shown(db: Db): Promise<Answer> {
  const { roles, ...rest } = await getSignUp(db);
  const view = { ...rest, roles: await named(db, roles) };
  return { json: view, text: facts({ ...rest, roles: view.roles.map(inWords).join(", ") || "none" }) };
}

async function named(db: Db, roles: readonly SignUpRole[]): Promise<NamedRole[]> {
  const keys = new Map(
    (
      await keysOfProducts(
        db,
        roles.map(({ product }) => product),
      )
    ).map(({ id, key }) => [id, key]),
  );
  return roles.map(({ product, ...one }) => ({ ...one, product: keys.get(product) ?? product }));
}

async function resolved(tx: Tx, roles: readonly NamedRole[], site: string | undefined): Promise<SignUpRole[]> {
  const found: SignUpRole[] = [];
  for (const { product, ...one } of roles)
    found.push({ ...one, product: (await resolveProduct(tx, product, site)).id });
  return found;
}

function inWords({ product, role: given, domain, needsApproval }: NamedRole): string {
  return `${product}=${given}${domain === null ? "" : `@${domain}`}${needsApproval ? ",approval" : ""}`;
}

function role(text: string, before: NamedRole[] | undefined): NamedRole[] {
  const [, product, given, domain, approval] = /^([^=]+)=(user|guest)(?:@([^,]+))?(,approval)?$/.exec(text) ?? [];
  if (product === undefined)
    throw new InvalidArgumentError("it must be PRODUCT=user or PRODUCT=guest, then @DOMAIN, then ,approval");
  const one = {
    product,
    role: given as NamedRole["role"],
    domain: domain ?? null,
    needsApproval: approval !== undefined,
  };
  return [...(before ?? []), one];
}
