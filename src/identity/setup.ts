import type { Database } from "../db/connection.ts";
import { type AccountId, newId, type OrganizationId } from "../db/id.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { addAdministrator } from "./administrators.ts";
import { setPassword } from "./credentials.ts";
import { createOrganization, listOrganizations } from "./organizations.ts";
import { hashPassword } from "./sign-in/password-hash.ts";
import { checkPassword } from "./sign-in/password-rules.ts";
import { hashToken, newTokenText, tokenKind } from "./token-form.ts";

/** Hours for which the link of a first run works. */
const HOURS = 24;

/**
 * The token of a link by which whoever started Muster makes the first organization, or undefined when there is one already.
 * Before: any. After: its SHA-256 is stored for a day; the latest ten work side by side, because replicas start together.
 */
export async function prepareSetup(ctx: { db: Database }): Promise<string | undefined> {
  if ((await listOrganizations(ctx.db)).length > 0) return undefined;
  const token = newTokenText("set");
  // The organization does not exist yet: this is the id that it will have.
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await tx.query({ text: "select prune_setups()" });
      await tx.query({
        text: `insert into setups (organization, hash, expires_at)
          values ($1, $2, statement_timestamp() + make_interval(hours => ${HOURS}))`,
        values: [organization, hashToken(token)],
      });
    },
    { lock: "none" },
  );
  return token;
}

export type SetUp = {
  organization: { id: OrganizationId; key: string; name: string };
  administrator: { id: AccountId; userName: string };
};

/**
 * Makes the first organization with its site, `internal`, and an administrator who can sign in.
 * Before: any. After: they stand and every link of a first run has ended; or nothing was done. Of several at once one wins.
 * @throws MusterError `not-found` when the link was used, has expired or is none; `invalid-value` (the password), `invalid`.
 */
export async function setUp(
  ctx: { db: Database },
  token: string,
  wanted: { key: string; name: string; email: string; password: string },
  requestId: string | null,
): Promise<SetUp> {
  const [found] =
    tokenKind(token) === "set"
      ? await ctx.db.lookUp<{ organization: OrganizationId }>({
          text: "select organization from find_setup($1)",
          values: [hashToken(token)],
        })
      : [];
  if (!found) throw gone();
  checkPassword(wanted.password, [wanted.email, wanted.key, wanted.name], "password");
  const hash = await hashPassword(wanted.password);
  const actor: Actor = { organization: found.organization, kind: "system", id: null, requestId };
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [taken] = await tx.query({ text: "select organization from take_setup($1)", values: [hashToken(token)] });
      if (!taken) throw gone();
      const { id, key, name } = await createOrganization(tx, wanted);
      const administrator = await addAdministrator(tx, wanted.email);
      await setPassword(tx, administrator.id, hash);
      return {
        organization: { id, key, name },
        administrator: { id: administrator.id, userName: administrator.userName },
      };
    },
    { lock: "exclusive" },
  );
}

function gone(): MusterError {
  return new MusterError("not-found", "this link was used, has expired, or is none; muster start prints a new one", {
    at: "token",
  });
}
