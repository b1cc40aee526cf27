import type { Command } from "commander";
import { parseId, type TokenId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDirectories } from "../identity/directories.ts";
import { listProducts, resolveProduct } from "../identity/products.ts";
import { createToken, listTokens, revokeToken, type TokenScope } from "../identity/tokens.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { expiresSoon } from "./directory-token.ts";
import { instant } from "./input.ts";
import type { Session } from "./session.ts";

/** `muster token …`: tokens of the administration and of products; a directory's is made with the directory. */
export function registerToken(program: Command, line: CommandLine): void {
  const token = program.command("token").description("tokens of the administration API and of products");
  token
    .command("create")
    .description("make a token; it is shown this once")
    .requiredOption("--scope <scope>", "admin, or product:KEY for a product's own questions")
    .option("--expires <when>", "a time, or a duration from now as in 30d (default: 365d)", instant)
    .action(
      line.inOrganization(async (session, options: GlobalOptions & { scope: string; expires?: Date }) => {
        const scope = await resolveScope(session, options.scope, options.site);
        const made = await session.write((tx) => createToken(tx, scope, options.expires), "none");
        const view = { id: made.id, token: made.token, scope: options.scope, expiresAt: made.expiresAt };
        return {
          json: view,
          text: `${facts(view)}\nThe token is shown this once; keep it where the product keeps its secrets.`,
        };
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
            ["id", "scope", "last used", "expires", "note"],
            tokens.map((one) => [
              one.id,
              one.scope,
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
    .action(
      line.inOrganization(async (session, _options: object, text: string) => {
        const id = parseId<TokenId>(text);
        if (id === undefined) throw new MusterError("not-found", "there is no live token with this id", { at: "id" });
        await session.write((tx) => revokeToken(tx, id), "none");
        return { json: { id, revoked: true }, text: `token ${id} is revoked` };
      }),
    );
}

async function resolveScope({ db }: Session, text: string, site: string | undefined): Promise<TokenScope> {
  if (text === "admin") return { administration: true };
  const [, key] = /^product:(.+)$/.exec(text) ?? [];
  if (key === undefined) throw new MusterError("usage", "a scope is admin or product:KEY", { at: "--scope" });
  return { product: (await resolveProduct(db, key, site)).id };
}

async function describeTokens(db: Session["db"]) {
  const names = new Map<string, string>([
    ...(await listDirectories(db)).map((directory) => [directory.id, `directory:${directory.name}`] as const),
    ...(await listProducts(db)).map((product) => [product.id, `product:${product.key}`] as const),
  ]);
  return (await listTokens(db)).map(({ id, directory, product, createdAt, expiresAt, lastUsedAt }) => ({
    id,
    scope: names.get(directory ?? product ?? "") ?? "admin",
    createdAt,
    expiresAt,
    expiresSoon: expiresSoon(expiresAt),
    lastUsedAt,
  }));
}
