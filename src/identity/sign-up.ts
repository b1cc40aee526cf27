import type { Config } from "../config.ts";
import type { Db } from "../db/connection.ts";
import type { ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { domainToOffer, isCovered, listSignUpDomains, parseSignUpDomain, type SignUpDomain } from "./domains.ts";
import type { Role } from "./grants.ts";
import { offerOf } from "./invitations/offer.ts";
import { emailDomain } from "./keys.ts";
import { recordChanges } from "./record.ts";

/** A role that comes with signing up; `domain` null: for everybody who may sign up (R117). */
export type SignUpRole = {
  product: ProductId;
  role: Exclude<Role, "admin">;
  /** As `parseSignUpDomain` reads it. */
  domain: string | null;
  /** An administrator decides first. */
  needsApproval: boolean;
};

/** Who may make an account for themselves (R102 to R111). */
export type SignUp = {
  /** `restricted`: with an address in the sign-up domains. */
  mode: "off" | "restricted" | "open";
  /** Whether the address is always proven first, or only where domains restrict (R109, R111; C9). */
  verification: "always" | "restricted-only";
  /** Administrators are told of everybody who signed up (R121, R122, R125). */
  notices: boolean;
  /** People may ask for access (R100). */
  requests: boolean;
  roles: readonly SignUpRole[];
};

/** How the organization lets people sign up. */
export async function getSignUp(db: Db): Promise<SignUp> {
  const [row] = await db.query<Omit<SignUp, "roles">>({
    text: `select sign_up as mode, sign_up_verification as verification, sign_up_notices as notices,
        access_requests as requests
      from organizations where id = $1`,
    values: [db.organization],
  });
  if (!row) throw new MusterError("not-found", "there is no such organization");
  return { ...row, roles: await signUpRoles(db) };
}

async function signUpRoles(db: Db): Promise<SignUpRole[]> {
  return db.query<SignUpRole>({
    text: `select product, role, needs_approval as "needsApproval",
        case when domain <> '' then case when match = 'subdomains' then '*.' else '' end || domain end as domain
      from sign_up_roles where organization = $1 order by product, domain`,
    values: [db.organization],
  });
}

/**
 * Makes this how people sign up. Before: any. After: it stands, with an audit row; who is in already stays. Returns whether it was
 * another way before.
 * @throws MusterError `conflict` for `restricted` without a mail server (R110) and for a role without a default group;
 * `invalid` for a domain that is none or a public suffix, for `guest` (a guest needs a space, which nobody chose), and for two roles
 * of one product that are for the same addresses.
 */
export async function setSignUp(tx: Tx, mail: Pick<Config["mail"], "smtpUrl">, wanted: SignUp): Promise<boolean> {
  if (wanted.mode === "restricted" && mail.smtpUrl === undefined)
    throw new MusterError(
      "conflict",
      "restricted sign-up proves addresses by mail, and no mail server is set; set SMTP_URL first",
      { at: "mode" },
    );
  const before = await getSignUp(tx);
  const roles = wanted.roles.map((one) => ({
    ...one,
    rule: one.domain === null ? null : parseSignUpDomain(one.domain),
  }));
  refuseUnclear(roles);
  for (const { product, role } of roles) await offerOf(tx, { roles: [{ product, role }], groups: [], spaces: [] });
  await tx.query({
    text: `update organizations set sign_up = $2, sign_up_verification = $3, sign_up_notices = $4, access_requests = $5
      where id = $1`,
    values: [tx.organization, wanted.mode, wanted.verification, wanted.notices, wanted.requests],
  });
  await tx.query({ text: "delete from sign_up_roles where organization = $1", values: [tx.organization] });
  await tx.query({
    text: `insert into sign_up_roles (organization, product, domain, match, role, needs_approval)
      select $1, product, domain, match, role, approval
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[]) w (product, domain, match, role, approval)`,
    values: [
      tx.organization,
      roles.map(({ product }) => product),
      roles.map(({ rule }) => rule?.domain ?? ""),
      roles.map(({ rule }) => rule?.match ?? "exact"),
      roles.map(({ role }) => role),
      roles.map(({ needsApproval }) => needsApproval),
    ],
  });
  const after = await getSignUp(tx);
  if (JSON.stringify(before) === JSON.stringify(after)) return false;
  await recordChanges(tx, [
    {
      action: "sign-up.changed",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { before, after },
      event: true,
    },
  ]);
  return true;
}

function refuseUnclear(roles: readonly (SignUpRole & { rule: SignUpDomain | null })[]): void {
  const seen = new Set<string>();
  for (const [index, { product, role, rule }] of roles.entries()) {
    if (role === "guest")
      throw new MusterError("invalid", "a guest needs a space, which nobody chooses here; invite guests instead", {
        at: `/roles/${index}/role`,
      });
    const what = `${product} ${rule?.match} ${rule?.domain}`;
    if (seen.has(what))
      throw new MusterError("invalid", "the same addresses have a role of this product already", {
        at: `/roles/${index}/domain`,
      });
    seen.add(what);
  }
}

/** What signing up with an address would come to. */
export type SignUpVerdict = {
  /** Why not: signing up is off, or the domain is none of those that may. */
  allowed: boolean;
  reason: "off" | "domain" | null;
  /** The address's domain, where it could be added to the sign-up domains (R116). */
  offer: string | null;
  /** What comes at once, and what an administrator decides. */
  roles: readonly SignUpRole[];
};

/** Whether an address may sign up, and to what (R106 to R108, R113, R117): what the page does and what a tester shows. */
export async function signUpVerdict(db: Db, emailKey: string): Promise<SignUpVerdict> {
  const { mode, roles } = await getSignUp(db);
  const domain = emailDomain(emailKey);
  const listed = await listSignUpDomains(db);
  const offer = domainToOffer(domain, listed);
  if (mode === "off") return { allowed: false, reason: "off", offer, roles: [] };
  if (mode === "restricted" && !isCovered(domain, listed))
    return { allowed: false, reason: "domain", offer, roles: [] };
  const byProduct = new Map<ProductId, SignUpRole>();
  for (const one of roles) {
    const rule: SignUpDomain | null = one.domain === null ? null : parseSignUpDomain(one.domain);
    // What is said of a domain goes before what is said of everybody.
    if (rule === null ? !byProduct.has(one.product) : isCovered(domain, [rule])) byProduct.set(one.product, one);
  }
  return { allowed: true, reason: null, offer, roles: [...byProduct.values()] };
}
