import type { Database, Db } from "../db/connection.ts";
import type { OrganizationId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { reconcileAll } from "./access/reconcile.ts";
import { createInternalDirectory } from "./directories.ts";
import type { Locale } from "./locales.ts";
import { recordChanges } from "./record.ts";
import { createSite } from "./sites.ts";

/** Whose memberships count for a person in several directories: every directory's, or the canonical one's only. */
export type MembershipMode = "aggregating" | "masking";

export type OrganizationKey = { id: OrganizationId; key: string };
export type Organization = OrganizationKey & {
  name: string;
  membershipMode: MembershipMode;
  /** People are added, invited and edited outside of Muster alone. R23. */
  externalUserManagement: boolean;
  /** The language of mails and pages where nobody's own is known. */
  locale: Locale;
  /** An IANA name: by its calendar periods end, in it times are shown. */
  timeZone: string;
};

/** Ids and keys of all organizations, by key: the one list that crosses them (a definer function gives nothing else). */
export async function listOrganizations(db: Database): Promise<OrganizationKey[]> {
  return db.lookUp<OrganizationKey>({ text: "select id, key from list_organizations()" });
}

/**
 * The organization with this key, or the only one when no key is given.
 * @throws MusterError `not-found`; `usage` when none or several exist and no key was given, naming them.
 */
export async function resolveOrganization(db: Database, key: string | undefined): Promise<OrganizationKey> {
  const all = await listOrganizations(db);
  if (key !== undefined) {
    const found = all.find((organization) => organization.key === key);
    if (!found) throw new MusterError("not-found", `there is no organization ${key}`, { at: "--org" });
    return found;
  }
  const [only] = all;
  if (all.length === 1 && only) return only;
  if (all.length === 0)
    throw new MusterError("usage", "there is no organization yet; make one with: muster org create KEY", {
      at: "--org",
    });
  const keys = all.map((organization) => organization.key);
  throw new MusterError("usage", `name one of the organizations with --org: ${keys.join(", ")}`, {
    at: "--org",
    candidates: keys,
  });
}

/**
 * Makes the organization whose new id the transaction carries, with a site of the same key and the directory
 * `internal`. R1.
 * Before: the organization is locked exclusively. After: it stands, aggregating memberships, without people.
 * @throws MusterError `uniqueness` when the key is taken, `invalid` when it is no key.
 */
export async function createOrganization(tx: Tx, input: { key: string; name?: string }): Promise<Organization> {
  const name = input.name ?? input.key;
  await tx.query({
    text: "insert into organizations (id, key, name) values ($1, $2, $3)",
    values: [tx.organization, input.key, name],
  });
  await recordChanges(tx, [
    {
      action: "organization.created",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { key: input.key },
    },
  ]);
  await createSite(tx, { key: input.key, name });
  await createInternalDirectory(tx);
  return getOrganization(tx);
}

/**
 * Calls the organization by another name; mails and pages show it.
 * Before: any. After: it has this name. Returns false, and writes nothing, when it had it already.
 */
export async function renameOrganization(tx: Tx, name: string): Promise<boolean> {
  const rows = await tx.query({
    text: "update organizations set name = $2 where id = $1 and name <> $2 returning id",
    values: [tx.organization, name],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    { action: "organization.renamed", subjectKind: "organization", subject: tx.organization, detail: { name } },
  ]);
  return true;
}

/** The organization of `db` with its settings. @throws MusterError `not-found`. */
export async function getOrganization(db: Db): Promise<Organization> {
  const [row] = await db.query<Organization>({
    text: `select id, key, name, membership_mode as "membershipMode",
        external_user_management as "externalUserManagement", locale, time_zone as "timeZone"
      from organizations where id = $1`,
    values: [db.organization],
  });
  if (!row) throw new MusterError("not-found", "there is no such organization");
  return row;
}

/**
 * Says whose memberships count for people in several directories (T1, T3; design §4.2).
 * Before: the organization is locked exclusively. After: the mode stands, with an audit row, and everybody's access
 * follows. Returns whether it was another mode before.
 */
export async function setMembershipMode(tx: Tx, mode: MembershipMode): Promise<boolean> {
  requireExclusive(tx);
  const rows = await tx.query({
    text: "update organizations set membership_mode = $2 where id = $1 and membership_mode <> $2 returning id",
    values: [tx.organization, mode],
  });
  if (rows.length === 0) return false;
  await recordChanges(tx, [
    {
      action: "organization.updated",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { membershipMode: mode },
    },
  ]);
  await reconcileAll(tx);
  return true;
}
