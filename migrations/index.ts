import type { Knex } from "knex";
import * as tenancy from "./0001-tenancy.ts";
import * as people from "./0002-people.ts";
import * as access from "./0003-access.ts";
import * as record from "./0004-record.ts";
import * as sync from "./0005-sync.ts";
import * as reconcile from "./0006-reconcile.ts";
import * as mail from "./0007-mail.ts";
import * as foldText from "./0010-fold-text.ts";
import * as tokens from "./0011-tokens.ts";
import * as removalBudget from "./0012-removal-budget.ts";
import * as schemaExtensions from "./0013-schema-extensions.ts";
import * as requestLog from "./0014-request-log.ts";
import * as scimStatements from "./0015-scim-statements.ts";
import * as idempotentRequests from "./0016-idempotent-requests.ts";
import * as rights from "./0017-rights.ts";
import * as signIn from "./0018-sign-in.ts";
import * as webhooks from "./0019-webhooks.ts";
import * as bulkJobs from "./0020-bulk-jobs.ts";
import * as connectorKinds from "./0021-connector-kinds.ts";
import * as directoryPermissions from "./0023-directory-permissions.ts";
import * as runs from "./0024-runs.ts";
import * as directorySwitch from "./0025-directory-switch.ts";
import * as syncSieve from "./0026-sync-sieve.ts";
import * as changesTogether from "./0027-changes-together.ts";
import * as invitations from "./0030-invitations.ts";
import * as signUp from "./0031-sign-up.ts";
import * as guests from "./0032-guests.ts";
import * as vouchers from "./0033-vouchers.ts";
import * as canonicalById from "./0034-canonical-by-id.ts";
import * as leaving from "./0035-leaving.ts";
import * as erasure from "./0036-erasure.ts";
import * as addressChanges from "./0037-address-changes.ts";
import * as accountMerges from "./0038-account-merges.ts";
import * as localeAndTimeZone from "./0039-locale-and-time-zone.ts";
import * as mailDelivery from "./0040-mail.ts";
import * as settings from "./0041-settings.ts";
import * as invitationImports from "./0042-invitation-imports.ts";
import * as mailsOfAChange from "./0044-mails-of-a-change.ts";
import * as accessByProduct from "./0046-access-by-product.ts";
import * as lastingPeople from "./0047-lasting-people.ts";
import * as askedAtOnce from "./0048-asked-at-once.ts";
import * as sieveOfContent from "./0049-sieve-of-content.ts";
import * as plansByTheSet from "./0050-plans-by-the-set.ts";
import * as foldLatinText from "./0051-fold-latin-text.ts";
import * as restores from "./0052-restores.ts";
import * as figures from "./0053-figures.ts";
import * as manyNewPeople from "./0056-many-new-people.ts";
import * as jobsOfPeople from "./0058-jobs-of-people.ts";
import * as auditSeals from "./0059-audit-seals.ts";
import * as erasedAudit from "./0060-erased-audit.ts";
import * as explainedByName from "./0061-explained-by-name.ts";
import * as auditBehind from "./0062-audit-behind.ts";
import * as detailsUncounted from "./0063-details-uncounted.ts";
import * as explainedInOneWalk from "./0068-explained-in-one-walk.ts";
import * as runsInAState from "./0073-runs-in-a-state.ts";
import * as membersOfNewGroups from "./0074-members-of-new-groups.ts";
import * as directoriesCounted from "./0075-directories-counted.ts";
import * as leftToARun from "./0076-left-to-a-run.ts";
import * as foldLatinAtOnce from "./0077-fold-latin-at-once.ts";
import * as analyzeByOne from "./0080-analyze-by-one.ts";
import * as linesKeepTheirNumber from "./0081-lines-keep-their-number.ts";
import * as auditLongestBehind from "./0082-audit-longest-behind.ts";
import * as tidiedBesideARemoval from "./0083-tidied-beside-a-removal.ts";
import * as plansThatWait from "./0084-plans-that-wait.ts";

type Migration = { up(knex: Knex): Promise<void> };

/** In the order in which they are applied. A released migration is never edited, only followed by another. */
export const migrations: readonly (readonly [name: string, migration: Migration])[] = [
  ["0001-tenancy", tenancy],
  ["0002-people", people],
  ["0003-access", access],
  ["0004-record", record],
  ["0005-sync", sync],
  ["0006-reconcile", reconcile],
  ["0007-mail", mail],
  ["0010-fold-text", foldText],
  ["0011-tokens", tokens],
  ["0012-removal-budget", removalBudget],
  ["0013-schema-extensions", schemaExtensions],
  ["0014-request-log", requestLog],
  ["0015-scim-statements", scimStatements],
  ["0016-idempotent-requests", idempotentRequests],
  ["0017-rights", rights],
  ["0018-sign-in", signIn],
  ["0019-webhooks", webhooks],
  ["0020-bulk-jobs", bulkJobs],
  ["0021-connector-kinds", connectorKinds],
  ["0023-directory-permissions", directoryPermissions],
  ["0024-runs", runs],
  ["0025-directory-switch", directorySwitch],
  ["0026-sync-sieve", syncSieve],
  ["0027-changes-together", changesTogether],
  ["0030-invitations", invitations],
  ["0031-sign-up", signUp],
  ["0032-guests", guests],
  ["0033-vouchers", vouchers],
  ["0034-canonical-by-id", canonicalById],
  ["0035-leaving", leaving],
  ["0036-erasure", erasure],
  ["0037-address-changes", addressChanges],
  ["0038-account-merges", accountMerges],
  ["0039-locale-and-time-zone", localeAndTimeZone],
  ["0041-settings", settings],
  ["0042-invitation-imports", invitationImports],
  ["0044-mails-of-a-change", mailsOfAChange],
  ["0046-access-by-product", accessByProduct],
  ["0047-lasting-people", lastingPeople],
  ["0048-asked-at-once", askedAtOnce],
  ["0049-sieve-of-content", sieveOfContent],
  ["0050-plans-by-the-set", plansByTheSet],
  ["0051-fold-latin-text", foldLatinText],
  ["0052-restores", restores],
  ["0053-figures", figures],
  ["0056-many-new-people", manyNewPeople],
  ["0058-jobs-of-people", jobsOfPeople],
  ["0059-audit-seals", auditSeals],
  ["0060-erased-audit", erasedAudit],
  ["0061-explained-by-name", explainedByName],
  ["0062-audit-behind", auditBehind],
  ["0063-details-uncounted", detailsUncounted],
  ["0068-explained-in-one-walk", explainedInOneWalk],
  ["0073-runs-in-a-state", runsInAState],
  ["0074-members-of-new-groups", membersOfNewGroups],
  ["0075-directories-counted", directoriesCounted],
  ["0076-left-to-a-run", leftToARun],
  ["0077-fold-latin-at-once", foldLatinAtOnce],
  ["0080-analyze-by-one", analyzeByOne],
  ["0081-lines-keep-their-number", linesKeepTheirNumber],
  ["0082-audit-longest-behind", auditLongestBehind],
  ["0083-tidied-beside-a-removal", tidiedBesideARemoval],
  ["0084-plans-that-wait", plansThatWait],
  ["0040-mail", mailDelivery],
];

/** The highest name, which tells the version of a database that stands whole; `0040-mail` is applied behind those that came before it. */
export const newestMigration =
  migrations
    .map(([name]) => name)
    .toSorted()
    .at(-1) ?? "none";
