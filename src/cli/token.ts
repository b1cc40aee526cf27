import type { Command } from "commander";
import { parseId, type TokenId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { listDirectories } from "../identity/directories.ts";
import { resolveProduct } from "../identity/products.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { PERMISSIONS, type Permission, type RightScope } from "../identity/rights/permissions.ts";
import { resolveScope } from "../identity/rights/scope.ts";
import { getToken, giveToken, pageOfTokens, rotateToken, type WantedToken } from "../identity/token-rights.ts";
import { type NewToken, OVERLAP_HOURS, revokeToken } from "../identity/tokens.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { expiresSoon } from "./directory-token.ts";
import { type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import { count, instant } from "./input.ts";
import type { Session } from "./session.ts";

type CreateOptions = GlobalOptions &
  DryOption & { scope: string; at?: string; owner?: string; name?: string; expires?: Date };

const SHOWN_ONCE = "The token is shown this once; keep it where its user keeps secrets.";

/** `muster token …`: tokens of the administration and of products; a directory's is made with the directory. */
export function registerToken(program: Command, line: CommandLine): void {
  const token = program.command("token").description("tokens of the administration API and of products");
  token
    .command("create")
    .description("make a token; it is shown this once")
    .requiredOption(
      "--scope <scope>",
      "admin, product:KEY for a product's own questions, or permissions as in users:read,groups:read",
    )
    .option("--at <where>", "only for site:KEY, product:KEY or group:DIRECTORY/NAME (default: the organization)")
    .option("--owner <person>", "whose own it is: it ends with the person and does no more than the person may")
    .option("--name <name>", "what people call it")
    .option("--expires <when>", "a time, or a duration from now as in 30d (default: 365d)", instant)
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: CreateOptions) => {
        const wanted = await wantedBy(session, options);
        const owner = "owner" in wanted ? wanted.owner : null;
        const work = (tx: Tx) => giveToken(tx, { held: [EVERYTHING], account: owner }, wanted);
        const told = ({ id, token: text, expiresAt }: NewToken) => {
          const view = { id, token: shownOnce(options, text), scope: options.scope, expiresAt };
          return { json: view, text: `${facts(view)}\n${SHOWN_ONCE}` };
        };
        return writeOrTell(session, options, work, told, "none");
      }),
    );
  token
    .command("list")
    .description("live tokens, without their texts")
    .action(
      line.inOrganization(async ({ db }) => {
        const tokens = await describeTokens(db);
        return {
          json: tokens,
          text: table(
            ["id", "name", "scope", "at", "owner", "last used", "expires", "note"],
            tokens.map((one) => [
              one.id,
              one.name,
              one.scope,
              one.at,
              one.owner,
              one.lastUsedAt,
              one.expiresAt,
              one.expiresSoon ? "make its successor now" : "",
            ]),
          ),
        };
      }),
    );
  token
    .command("rotate <id>")
    .description("make a token's successor, shown this once; both work for some hours")
    .option("--overlap <hours>", "hours for which the old one still works", count, OVERLAP_HOURS)
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption & { overlap: number }, text: string) => {
        const id = idOf(text);
        // Whoever types commands acts for everybody, a person's own token included.
        const owner = (await getToken(session.db, id)).owner?.id ?? null;
        const maker = { held: [EVERYTHING], account: owner };
        const told = (made: NewToken) => {
          const view = { id: made.id, token: shownOnce(options, made.token), expiresAt: made.expiresAt };
          return { json: view, text: `${facts(view)}\n${SHOWN_ONCE}` };
        };
        return writeOrTell(session, options, (tx) => rotateToken(tx, maker, id, options.overlap), told, "none");
      }),
    );
  token
    .command("revoke <id>")
    .description("end a token at once")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, text: string) => {
        const id = idOf(text);
        const told = () => ({ json: { id, revoked: true }, text: `token ${id} is revoked` });
        return writeOrTell(session, options, (tx) => revokeToken(tx, id), told, "none");
      }),
    );
}

function idOf(text: string): TokenId {
  const id = parseId<TokenId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
  return id;
}

async function wantedBy({ db }: Session, options: CreateOptions): Promise<WantedToken> {
  const { scope: text, at, owner, name, expires, site } = options;
  const [, key] = /^product:(.+)$/.exec(text) ?? [];
  if (key !== undefined) {
    if (at !== undefined || owner !== undefined)
      throw new MusterError("usage", "a product's token is for its product and nobody's own", { at: "--scope" });
    return { name, expires, product: (await resolveProduct(db, key, site)).id };
  }
  return {
    name,
    expires,
    permissions: text === "admin" ? null : permissionsOf(text),
    scope: at === undefined ? { kind: "organization" } : await resolveScope(db, at),
    owner: owner === undefined ? null : await resolvePerson(db, owner),
  };
}

function permissionsOf(text: string): Permission[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !PERMISSIONS.some((one) => one === name));
  if (unknown !== undefined)
    throw new MusterError("usage", `a scope is admin, product:KEY or some of ${PERMISSIONS.join(", ")}`, {
      at: "--scope",
    });
  return PERMISSIONS.filter((one) => names.includes(one));
}

/** More tokens than anybody reads; the API has them by pages. */
const MOST_LISTED = 10_000;

async function liveTokens(db: Session["db"]) {
  return pageOfTokens(db, { within: null, after: null, limit: MOST_LISTED });
}

async function describeTokens(db: Session["db"]) {
  const names = new Map((await listDirectories(db)).map(({ id, name }) => [id, name]));
  return (await liveTokens(db)).map(
    ({ id, kind, name, directory, permissions, scope, scopeName, owner, ...times }) => ({
      id,
      name,
      scope:
        kind === "directory" && directory !== null
          ? `directory:${names.get(directory)}`
          : kind === "product"
            ? `product:${scopeName?.split("/").at(-1)}`
            : (permissions?.join(",") ?? "admin"),
      at: kind === "administration" ? where(scope, scopeName) : null,
      owner: owner?.userName ?? null,
      createdAt: times.createdAt,
      expiresAt: times.expiresAt,
      expiresSoon: expiresSoon(times.expiresAt),
      lastUsedAt: times.lastUsedAt,
    }),
  );
}

function where({ kind }: RightScope, name: string | null): string | null {
  return kind === "organization" ? null : `${kind}:${name}`;
}
