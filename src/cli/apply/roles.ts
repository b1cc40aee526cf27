import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { ensureAdministrator } from "../../identity/administrators.ts";
import {
  formatSignUpDomains,
  listSignUpDomains,
  parseSignUpDomains,
  setSignUpDomains,
} from "../../identity/domains.ts";
import { grantRole, type ListedGrant, listGrants, revokeGrant } from "../../identity/grants.ts";
import { createLocalGroup, listGroups, nestGroups, resolveGroup } from "../../identity/groups.ts";
import { nameKey } from "../../identity/keys.ts";
import { resolveProduct } from "../../identity/products.ts";
import type { WantedOrganization } from "./schema.ts";
import { type Tally, updatedIf } from "./tally.ts";

type Grant = WantedOrganization["grants"][number];

/** Sign-up domains, local groups, grants and administrators, in this order. */
export async function applyRoles(tx: Tx, wanted: WantedOrganization, tally: Tally): Promise<void> {
  if (wanted.signUpDomains) await applyDomains(tx, wanted.signUpDomains, tally);
  await applyGroups(tx, wanted.groups, tally);
  for (const grant of wanted.grants) await applyGrant(tx, grant, tally);
  for (const email of wanted.administrators)
    tally.note((await ensureAdministrator(tx, email)) ? "created" : "unchanged", `administrator ${email}`);
}

/** The list in the file is the whole list: a domain that it does not name any more is removed. */
async function applyDomains(tx: Tx, texts: readonly string[], tally: Tally): Promise<void> {
  const before = new Set(formatSignUpDomains(await listSignUpDomains(tx)));
  const after = new Set(formatSignUpDomains(parseSignUpDomains(texts)));
  for (const domain of after) tally.note(before.has(domain) ? "unchanged" : "created", `sign-up domain ${domain}`);
  for (const domain of before) if (!after.has(domain)) tally.note("removed", `sign-up domain ${domain}`);
  await setSignUpDomains(tx, texts);
}

async function applyGroups(tx: Tx, groups: WantedOrganization["groups"], tally: Tally): Promise<void> {
  const held = (await listGroups(tx)).filter((group) => group.directory === null);
  for (const wanted of groups) {
    const there = held.find((group) => nameKey(group.name) === nameKey(wanted.name));
    const group = there ?? (await createLocalGroup(tx, wanted.name));
    const children = [];
    for (const text of wanted.contains) {
      const child = await resolveGroup(tx, text);
      if (!("id" in child))
        throw new MusterError(
          "not-found",
          `there is no group ${text} yet; put it into local/${wanted.name} when there is`,
          { at: text },
        );
      children.push(child.id);
    }
    const nested = children.length > 0 ? await nestGroups(tx, group.id, children) : 0;
    tally.note(there ? updatedIf(nested > 0) : "created", `group local/${wanted.name}`);
  }
}

async function applyGrant(tx: Tx, wanted: Grant, tally: Tally): Promise<void> {
  const what = `grant ${wanted.group} → ${wanted.product} ${wanted.role}`;
  const [site, key] = wanted.product.includes("/") ? wanted.product.split("/", 2) : [undefined, wanted.product];
  const product = await resolveProduct(tx, key ?? "", site);
  const group = await resolveGroup(tx, wanted.group);
  const there = (await listGrants(tx)).find(
    (grant) => grant.site === product.site && grant.product === product.key && isFor(grant, group, wanted.group),
  );
  if (wanted.role === "none") {
    if (there) await revokeGrant(tx, there.id);
    tally.note(there ? "removed" : "unchanged", what);
  } else if (there?.role === wanted.role) tally.note("unchanged", what);
  else {
    await grantRole(tx, { group: "id" in group ? group.id : group, product: product.id, role: wanted.role });
    tally.note(there ? "updated" : "created", what);
  }
}

function isFor(grant: ListedGrant, group: Awaited<ReturnType<typeof resolveGroup>>, text: string): boolean {
  if ("id" in group) return grant.group.id === group.id;
  return (
    grant.group.id === null &&
    grant.directory === text.slice(0, text.indexOf("/")) &&
    nameKey(grant.group.name) === nameKey(group.name)
  );
}
