import { type Command, Option } from "commander";
import type { DirectoryId, OAuthClientId } from "../db/id.ts";
import { parseId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { createClient, listClients, revokeClient } from "../identity/oauth-clients.ts";
import { CLIENT_SCOPES, parseScopes } from "../identity/scopes.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { scimDirectory } from "./directory-token.ts";
import { type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import type { Session } from "./session.ts";

/** `muster directory client …`: OAuth clients, which fetch their tokens by themselves. */
export function registerDirectoryClient(directory: Command, line: CommandLine): void {
  const client = directory
    .command("client")
    .description("OAuth clients: identity providers that fetch a token for an hour at a time");
  client
    .command("add <name>")
    .description("a client for a directory; its secret is shown this once")
    .option("--name <text>", "what people call it")
    .addOption(
      new Option("--scope <scopes...>", "what its tokens may do (default: everything)").choices([...CLIENT_SCOPES]),
    )
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption & { name?: string; scope?: string[] }, name: string) => {
        const found = await scimDirectory(session.db, name);
        const scopes = parseScopes(options.scope ?? [], CLIENT_SCOPES);
        const work = (tx: Tx) =>
          createClient(tx, found.id, { scopes, ...(options.name === undefined ? {} : { name: options.name }) });
        const told = (made: Awaited<ReturnType<typeof work>>) => {
          const view = {
            clientId: made.id,
            clientSecret: shownOnce(options, made.secret),
            tokenUrl: tokenUrl(session, found.id),
            directory: found.name,
            name: options.name ?? null,
            scopes,
          };
          return {
            json: view,
            text: `${facts({ ...view, scopes: scopes?.join(" ") ?? "all" })}\nThe secret is shown this once; enter it with the client id and the token URL at the identity provider.`,
          };
        };
        return writeOrTell(session, options, work, told, "none");
      }),
    );
  client
    .command("list <name>")
    .description("the live clients of a directory, without their secrets")
    .action(
      line.inOrganization(async (session, _options: object, name: string) => {
        const found = await scimDirectory(session.db, name);
        const clients = (await listClients(session.db, found.id)).map(({ id, ...rest }) => ({ clientId: id, ...rest }));
        return {
          json: clients,
          text: table(
            ["client id", "name", "scopes", "tokens", "last used"],
            clients.map((one) => [
              one.clientId,
              one.name,
              one.scopes?.join(" ") ?? "all",
              one.liveTokens,
              one.lastUsedAt,
            ]),
          ),
        };
      }),
    );
  client
    .command("revoke <id>")
    .description("end a client and all its tokens at once")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, text: string) => {
        const id = parseId<OAuthClientId>(text);
        if (id === undefined) throw new MusterError("not-found", "there is no live client with this id", { at: "id" });
        const told = () => ({
          json: { clientId: id, revoked: true },
          text: `client ${id} and its tokens are revoked`,
        });
        return writeOrTell(session, options, (tx) => revokeClient(tx, id), told, "none");
      }),
    );
}

function tokenUrl({ ctx }: Session, directory: DirectoryId): string {
  return `${ctx.config.publicUrl}/oauth/${directory}/token`;
}
