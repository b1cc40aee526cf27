import type { AccountOverview } from "../identity/account-overview.ts";
import { type Answer, facts, table } from "./answer.ts";

/** One person with the records that the directories hold. */
export function answerOf(account: AccountOverview): Answer {
  const { records, sites: _, access, ...rest } = account;
  const rows = records.map((one) => [
    one.directory,
    one.canonical ? "yes" : "no",
    one.active ? "yes" : "no",
    one.externalId,
    one.id,
  ]);
  return {
    json: account,
    text: `${facts({ ...rest, sites: sitesText(account), access: accessText(access) })}\n\n${table(["directory", "canonical", "active", "external id", "id"], rows, "no directory holds this person")}`,
  };
}

/** How the person stands on each site (R74 to R77). */
export function sitesText({ sites }: Pick<AccountOverview, "sites">): string {
  return sites.map(({ site, status }) => `${site}: ${status}`).join(", ");
}

/** What they have on products. */
function accessText(access: AccountOverview["access"]): string {
  return access
    .map(
      ({ site, product, role, allowed }) => `${site}/${product}: ${role ?? "no role"}${allowed ? "" : ", no access"}`,
    )
    .join(", ");
}
