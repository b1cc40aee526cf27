import type { Command } from "commander";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { removeSingleSignOn, setSingleSignOn, singleSignOnOf } from "../identity/single-sign-on.ts";
import { type Binding, bindAccount, listBindings, unbindAccount } from "../identity/single-sign-on-bindings.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { collected, readSecret, typedPath } from "./input.ts";
import { type ListOptions, listed, whole } from "./list.ts";
import { secretKey } from "./session.ts";

type SetOptions = DryOption & {
  issuer?: string;
  clientId?: string;
  clientSecretFile?: string;
  domain?: string[];
  emailClaim?: string;
  verifiedClaim?: string;
  off?: true;
};

/** `muster single-sign-on …`: through which provider administrators sign in to the console. */
export function registerSingleSignOn(program: Command, line: CommandLine): void {
  const parent = program.command("single-sign-on").description("signing in to the console through an OpenID provider");
  parent
    .command("show")
    .description("how people sign in; never the secret")
    .action(
      line.inOrganization(async ({ db }) => {
        const found = await singleSignOnOf(db);
        return { json: found ?? null, text: found ? facts(found) : "none" };
      }),
    );
  parent
    .command("set")
    .description("say through which provider people sign in; what is left out stays, another provider ends sessions")
    .option("--issuer <url>", "the provider's issuer")
    .option("--client-id <id>", "what it calls Muster")
    .option("--client-secret-file <file>", "the client's secret; needed with a new issuer")
    .option("--domain <domain>", "a domain that it speaks for; may be repeated", collected)
    .option("--email-claim <name>", "the claim that is the address")
    .option("--verified-claim <name>", "the claim that says that it was verified")
    .option("--off", "nobody signs in through it for now")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: SetOptions) => {
        const { clientSecretFile: file } = options;
        const clientSecret =
          file === undefined ? undefined : readSecret(typedPath(line.environment, file), "--client-secret-file");
        const work = async (tx: Tx) => {
          const before = await singleSignOnOf(tx);
          const issuer = options.issuer ?? before?.issuer;
          const clientId = options.clientId ?? before?.clientId;
          if (issuer === undefined || clientId === undefined)
            throw new MusterError("usage", "the first time it needs --issuer and --client-id", { at: "--issuer" });
          return setSingleSignOn(tx, secretKey(session.ctx), {
            issuer,
            clientId,
            clientSecret,
            enabled: !options.off,
            domains: options.domain ?? before?.domains ?? [],
            emailClaim: options.emailClaim ?? before?.emailClaim,
            verifiedClaim: options.verifiedClaim ?? before?.verifiedClaim,
          });
        };
        return writeOrTell(session, options, work, (made) => ({ json: made, text: facts(made) }), "none");
      }),
    );
  parent
    .command("remove")
    .description("take it away; the sessions that came through it end")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption) => {
        const told = () => ({ json: { removed: true }, text: "nobody signs in through a provider any more" });
        return writeOrTell(session, options, (tx) => removeSingleSignOn(tx), told, "none");
      }),
    );
  registerBindings(parent, line);
}

function registerBindings(parent: Command, line: CommandLine): void {
  whole(parent.command("bindings").description("who is bound to whom at the provider")).action(
    line.inOrganization(async ({ db }, options: ListOptions) => {
      const read = async (page: { after: AccountId | null; limit: number }) =>
        (await listBindings(db, page)).map((one) => ({ id: one.account, ...one }));
      const all = await listed<Binding & { id: AccountId }>(options, read, "whole");
      return {
        json: all.map(({ id: _, ...one }) => one),
        text: table(
          ["user name", "subject", "since"],
          all.map((one) => [one.userName, one.subject, one.boundAt]),
        ),
      };
    }),
  );
  parent
    .command("bind <person> <subject>")
    .description("say who somebody at the provider is, where it verifies no address")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, person: string, subject: string) => {
        const work = async (tx: Tx) => bindAccount(tx, await resolvePerson(tx, person), subject);
        return writeOrTell(session, options, work, (made) => ({ json: made, text: facts(made) }), "none");
      }),
    );
  parent
    .command("unbind <person>")
    .description("take a person's binding away; their next sign-in binds anew")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, person: string) => {
        const work = async (tx: Tx) => {
          const id = await resolvePerson(tx, person);
          await unbindAccount(tx, id);
          return { id, bound: false };
        };
        return writeOrTell(session, options, work, (done) => ({ json: done, text: facts(done) }), "none");
      }),
    );
}
