import { isIP } from "node:net";
import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { canonicalDomain } from "./keys.ts";
import { recordChanges } from "./record.ts";
import { openSecret, type SecretKey, type SecretPlace, sealSecret } from "./secrets.ts";

/** How an organization's people sign in through an OpenID provider. */
export type SingleSignOn = {
  issuer: string;
  clientId: string;
  enabled: boolean;
  /** The provider speaks for addresses of these domains alone. */
  domains: string[];
  /** The claim of the ID token that is the address, and the one that says, by `true`, that it was verified. */
  emailClaim: string;
  verifiedClaim: string;
};

/** Without a secret the one that is there stays. */
export type NewSingleSignOn = Omit<SingleSignOn, "emailClaim" | "verifiedClaim"> & {
  clientSecret?: string | undefined;
  emailClaim?: string | undefined;
  verifiedClaim?: string | undefined;
};

const COLUMNS = `issuer, client_id as "clientId", enabled, domains, email_claim as "emailClaim", verified_claim as "verifiedClaim"`;

function place(organization: string): SecretPlace {
  return { organization, table: "single_sign_on", column: "client_secret", row: organization };
}

/** The organization's setting, without its secret; undefined: none was made. */
export async function singleSignOnOf(db: Db): Promise<SingleSignOn | undefined> {
  const [row] = await db.query<SingleSignOn>({
    text: `select ${COLUMNS} from single_sign_on where organization = $1`,
    values: [db.organization],
  });
  return row;
}

/** The setting with its secret in the clear, for talking to the provider; undefined: none, or switched off. */
export async function openSingleSignOn(
  db: Db,
  key: SecretKey,
): Promise<(SingleSignOn & { clientSecret: string }) | undefined> {
  const [row] = await db.query<SingleSignOn & { sealed: Buffer }>({
    text: `select ${COLUMNS}, client_secret as sealed from single_sign_on where organization = $1 and enabled`,
    values: [db.organization],
  });
  if (!row) return undefined;
  const { sealed, ...setting } = row;
  return { ...setting, clientSecret: openSecret(key, place(db.organization), sealed) };
}

/**
 * Whether Muster may talk to this address of a provider: https, or http on this machine; never a link-local one, where clouds
 * keep their secrets.
 */
export function isProviderUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) && /^(169\.254\.|fe[89ab][0-9a-f]:|::ffff:a9fe:)/i.test(host)) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(host));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * Makes or changes the setting.
 * Before: any. After: it stands, its secret sealed, with an audit row. Where the provider or the client is another one, or it
 * is switched off, the sessions that came through it have ended; bindings stay with the issuer that they were made with.
 * @throws MusterError `invalid-value` for an issuer that is no https URL, a domain that is none, or a missing secret.
 */
export async function setSingleSignOn(tx: Tx, key: SecretKey, wanted: NewSingleSignOn): Promise<SingleSignOn> {
  const url = URL.parse(wanted.issuer);
  if (!url || !isProviderUrl(wanted.issuer) || url.search !== "" || url.hash !== "")
    throw new MusterError("invalid-value", "an issuer is an https URL without query (http only on this machine)", {
      at: "issuer",
    });
  const domains = [...new Set(wanted.domains.map(checkedDomain))].sort();
  const before = await singleSignOnOf(tx);
  if (wanted.clientSecret === undefined && before?.issuer !== wanted.issuer)
    throw new MusterError("invalid-value", "give the client's secret with a new issuer", { at: "clientSecret" });
  const sealed =
    wanted.clientSecret === undefined ? null : sealSecret(key, place(tx.organization), wanted.clientSecret);
  const { emailClaim = "email", verifiedClaim = "email_verified" } = wanted;
  const [row] = await tx.query<SingleSignOn>({
    text: `insert into single_sign_on as s (organization, issuer, client_id, client_secret, enabled, domains, email_claim, verified_claim)
      values ($1, $2, $3, coalesce($4, (select client_secret from single_sign_on where organization = $1)), $5, $6, $7, $8)
      on conflict on constraint single_sign_on_pk do update set issuer = excluded.issuer, client_id = excluded.client_id,
        client_secret = excluded.client_secret, enabled = excluded.enabled, domains = excluded.domains,
        email_claim = excluded.email_claim, verified_claim = excluded.verified_claim, updated_at = statement_timestamp()
      returning ${COLUMNS}`,
    values: [
      tx.organization,
      wanted.issuer,
      wanted.clientId,
      sealed,
      wanted.enabled,
      domains,
      emailClaim,
      verifiedClaim,
    ],
  });
  if (!row) throw new MusterError("internal", "a setting was not stored");
  if (!row.enabled || before?.issuer !== row.issuer || before.clientId !== row.clientId) await endProviderSessions(tx);
  await recordChanges(tx, [
    {
      action: "single-sign-on.changed",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { before: before ?? null, after: row, newSecret: sealed !== null },
      event: true,
    },
  ]);
  return row;
}

function checkedDomain(text: string): string {
  const domain = canonicalDomain(text);
  if (domain === null) throw new MusterError("invalid-value", `${text} is no domain`, { at: "domains" });
  return domain;
}

/** Takes the setting away. Before: any. After: nobody signs in through it; its sessions have ended. @throws MusterError `not-found`. */
export async function removeSingleSignOn(tx: Tx): Promise<void> {
  const removed = await tx.query({
    text: "delete from single_sign_on where organization = $1 returning organization",
    values: [tx.organization],
  });
  if (removed.length === 0) throw new MusterError("not-found", "there is no single sign-on");
  await endProviderSessions(tx);
  await recordChanges(tx, [
    { action: "single-sign-on.removed", subjectKind: "organization", subject: tx.organization, event: true },
  ]);
}

async function endProviderSessions(tx: Tx): Promise<void> {
  await tx.query({
    text: "delete from sessions where organization = $1 and method = 'single-sign-on'",
    values: [tx.organization],
  });
}
