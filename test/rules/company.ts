import type { InvitationId } from "../../src/db/id.ts";
import { acceptInvitation } from "../../src/identity/invitations/accept.ts";
import { findInvitation } from "../../src/identity/invitations/links.ts";
import type { Bundle } from "../../src/identity/rights/bundles.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { RightScope } from "../../src/identity/rights/permissions.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { hashToken } from "../../src/identity/token-form.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { newPerson } from "../admin/actors.ts";
import { type Api, makeCompany } from "../admin/world.ts";

/** A company whose administrator asks over the API, with default groups for the roles of its wiki and its tracker. */
export async function ruled(api: Api, key: string) {
  const c = await makeCompany(api, key);
  const ask = (method: string, path: string, body?: unknown, token = c.token) =>
    api.ask(method, path, { token, ...(body === undefined ? {} : { body }) });
  /** What is answered to something that succeeds. */
  const done = async (method: string, path: string, body?: unknown, token = c.token) => {
    const answer = await ask(method, path, body, token);
    if (answer.status >= 300) throw new Error(`${method} ${path} → ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  await done("POST", "/grants", { group: "local/empty", product: "tracker", role: "user" });
  await done("PUT", "/products/wiki/default-groups/user", { group: c.groups.users.id });
  await done("PUT", "/products/wiki/default-groups/guest", { group: c.groups.guests.id });
  await done("PUT", "/products/tracker/default-groups/user", { group: c.groups.empty.id });

  let people = 0;
  return {
    ...c,
    ask,
    done,
    /** The token of a new person with this right. */
    holder: (bundle: Bundle, scope: RightScope) =>
      api.write(c.organization, async (tx) => {
        people += 1;
        const { account } = await newPerson(tx, c, `${bundle} ${people}`);
        await giveRight(tx, [EVERYTHING], { account, bundle, scope });
        return (await createToken(tx, { administration: true, owner: account })).token;
      }),
    /** Opens the link of an invitation and presses the button. */
    accept: async (invitation: InvitationId) => {
      const { link } = await done("POST", `/invitations/${invitation}/copy-link`, {});
      const hash = hashToken(link.split("/i/")[1]);
      const found = await findInvitation(api.ctx.db, hash);
      return found && acceptInvitation(api.ctx, found, hash, null);
    },
    /** Each product's key with the role that somebody may use there. */
    rolesOf: async (user: string) => {
      const { access } = await done("GET", `/users/${user}/access`);
      const allowed = access.filter((one: { allowed: boolean }) => one.allowed);
      return Object.fromEntries(
        allowed.map((one: { site: string; product: string; role: string }) => [`${one.site}/${one.product}`, one.role]),
      );
    },
    mails: async () => (await done("GET", "/mails?limit=100")).data.map((one: { recipient: string }) => one.recipient),
  };
}
