import { type Command, Option } from "commander";
import type { Db } from "../db/connection.ts";
import { type DirectoryUserId, parseId, type TokenId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { type Directory, resolveDirectory } from "../identity/directories.ts";
import { parseScopes, SCOPES } from "../identity/scopes.ts";
import {
  createToken,
  listTokens,
  type NewToken,
  OVERLAP_HOURS,
  revokeToken,
  rotateDirectoryToken,
  type TokenInfo,
  WARNING_DAYS,
} from "../identity/tokens.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import { count, instant } from "./input.ts";

type AddOptions = DryOption & { name?: string; scope?: string[]; expires?: Date; user?: string };

/** `muster directory token …`: any number of tokens with which identity providers push into one directory. */
export function registerDirectoryToken(directory: Command, line: CommandLine): void {
  const token = directory.command("token").description("the tokens with which an identity provider pushes");
  token
    .command("add <name>")
    .description("one more token for a directory; it is shown this once")
    .option("--name <text>", "what people call it")
    .addOption(new Option("--scope <scopes...>", "what it may do (default: everything)").choices([...SCOPES]))
    .option("--expires <when>", "a time, or a duration from now as in 90d (default: 365d)", instant)
    .option("--user <person>", "whose it is: /Me is this person of the directory, and it ends with the person")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: AddOptions, name: string) => {
        const found = await scimDirectory(session.db, name);
        const scopes = parseScopes(options.scope ?? []);
        const subject = options.user === undefined ? undefined : await personIn(session.db, found, options.user);
        const work = (tx: Tx) =>
          createToken(tx, { directory: found.id }, options.expires, {
            scopes,
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(subject === undefined ? {} : { subject }),
          });
        const told = ({ id, token: text, expiresAt }: NewToken) => {
          const view = {
            id,
            directory: found.name,
            name: options.name ?? null,
            scopes,
            token: shownOnce(options, text),
            expiresAt,
          };
          return {
            json: view,
            text: `${facts({ ...view, scopes: scopes?.join(" ") ?? "all" })}\nThe token is shown this once.`,
          };
        };
        return writeOrTell(session, options, work, told, "none");
      }),
    );
  token
    .command("list <name>")
    .description("the live tokens of a directory, without their texts")
    .action(
      line.inOrganization(async ({ db }, _options: object, name: string) => {
        const found = await scimDirectory(db, name);
        const tokens = (await listTokens(db, found.id)).map(tokenView);
        return {
          json: tokens,
          text: table(
            ["id", "name", "scopes", "user", "last used", "expires", "note"],
            tokens.map((one) => [
              one.id,
              one.name,
              one.scopes?.join(" ") ?? "all",
              one.user,
              one.lastUsedAt,
              one.expiresAt,
              one.expiresSoon ? "make its successor now" : "",
            ]),
          ),
        };
      }),
    );
  token
    .command("revoke <id>")
    .description("end a token at once")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, text: string) => {
        const id = parseId<TokenId>(text);
        if (id === undefined) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
        const told = () => ({ json: { id, revoked: true }, text: `token ${id} is revoked` });
        return writeOrTell(session, options, (tx) => revokeToken(tx, id), told, "none");
      }),
    );
  token
    .command("rotate <name>")
    .description("print a new token; the old ones end after the overlap")
    .option("--overlap <hours>", `hours for which the old ones still work (default: ${OVERLAP_HOURS})`, count)
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption & { overlap?: number }, name: string) => {
        const found = await scimDirectory(session.db, name);
        const told = ({ id, token: text, expiresAt }: NewToken) => {
          const view = { id, directory: found.name, token: shownOnce(options, text), expiresAt };
          return { json: view, text: `${facts(view)}\nThe token is shown this once.` };
        };
        return writeOrTell(session, options, (tx) => rotateDirectoryToken(tx, found.id, options.overlap), told, "none");
      }),
    );
}

/** @throws MusterError `not-found`; `invalid` for a directory that nobody pushes into. */
export async function scimDirectory(db: Db, name: string): Promise<Directory> {
  const found = await resolveDirectory(db, name);
  if (found.kind !== "scim")
    throw new MusterError(
      "invalid",
      found.kind === "internal"
        ? `${name} is kept by Muster itself: only a directory of kind scim has tokens`
        : `${name} is pulled by Muster: only a directory of kind scim has tokens`,
      { at: "name" },
    );
  return found;
}

async function personIn(db: Db, directory: Directory, person: string): Promise<DirectoryUserId> {
  const { records } = await getAccount(db, await resolvePerson(db, person));
  const record = records.find((one) => one.directory === directory.name);
  if (!record) throw new MusterError("not-found", `the directory ${directory.name} has no such person`, { at: person });
  return record.id;
}

/** A token that ends within the days in which `muster doctor` warns of it. */
export function expiresSoon(expiresAt: Date | null): boolean {
  return expiresAt !== null && expiresAt.getTime() < Date.now() + WARNING_DAYS * 86_400_000;
}

function tokenView({ id, name, scopes, subject, createdAt, expiresAt, lastUsedAt }: TokenInfo) {
  return { id, name, scopes, user: subject, createdAt, expiresAt, expiresSoon: expiresSoon(expiresAt), lastUsedAt };
}
