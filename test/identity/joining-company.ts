import type { Context } from "../../src/context.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { pageOfRequests } from "../../src/identity/access-requests.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setDefaultGroup } from "../../src/identity/default-groups.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { setSignUpDomains } from "../../src/identity/domains.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import { acceptInvitation } from "../../src/identity/invitations/accept.ts";
import { copyInvitationLink } from "../../src/identity/invitations/change.ts";
import { findInvitation } from "../../src/identity/invitations/links.ts";
import { signUp, useLink } from "../../src/identity/joining.ts";
import { createLink, findLink, type LinkLimits } from "../../src/identity/links.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { type SignUp, setSignUp } from "../../src/identity/sign-up.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { hashToken } from "../../src/identity/token-form.ts";
import { person } from "../mail/world.ts";

export const settings = { validDays: 7, resendCoolDown: 60 };
const smtp = { smtpUrl: "smtp://mail.example.com" };
let organizations = 0;
let networks = 0;

export async function company(ctx: Context, wanted: Partial<SignUp> = {}, domains: string[] = []) {
  organizations += 1;
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive") =>
    inTransaction(ctx, actor, work, { lock });
  const { wiki, okta } = await write(async (tx) => {
    await createOrganization(tx, { key: `acme-${organizations}` });
    const product = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
    const { id: group } = await createLocalGroup(tx, "wiki users");
    await grantRole(tx, { group, product: product.id, role: "user" });
    await setDefaultGroup(tx, product.id, "user", group);
    await addAdministrator(tx, "boss@acme.example");
    const okta = await addDirectory(tx, { name: "okta", kind: "scim" });
    await insertDirectoryUsers(tx, okta.id, [person("ada", { email: "ada@acme.example" })]);
    await setSignUpDomains(tx, domains);
    return { wiki: product.id, okta: okta.id };
  });
  const withRole = { product: wiki, role: "user" as const, domain: null, needsApproval: false };
  const set = (more: Partial<SignUp>) =>
    write((tx) =>
      setSignUp(tx, smtp, {
        mode: "off",
        verification: "always",
        notices: true,
        requests: true,
        roles: [withRole],
        ...more,
      }),
    );
  await set(wanted);
  const db = ctx.db.of(organization);
  const rows = <Row>(text: string) => db.query<Row>({ text, values: [organization] });
  const stranger = (email: string) => {
    networks += 1;
    return { email, name: "Ann", message: null, network: `198.51.100.${networks}`, requestId: null };
  };
  return {
    ...{ organization, wiki, write, set, db, stranger },
    bring: (one: ReturnType<typeof person>) => write((tx) => insertDirectoryUsers(tx, okta, [one])),
    join: (email: string, network?: string) =>
      signUp(ctx, organization, { ...stranger(email), ...(network !== undefined && { network }) }),
    mails: async (kind = "invitation") =>
      (
        await rows<{ kind: string; recipient: string }>(
          "select kind, recipient from mails where organization = $1 order by id",
        )
      )
        .filter((mail) => mail.kind === kind)
        .map(({ recipient }) => recipient),
    requests: async () =>
      (await pageOfRequests(db, { after: null, limit: 100 })).map(({ email, state }) => `${email} ${state}`),
    people: async () =>
      (
        await rows<{ name: string }>("select user_name_key as name from accounts where organization = $1 order by 1")
      ).map(({ name }) => name),
    roleOf: async (name: string) => {
      const { access } = await accessOf(db, await resolvePerson(db, name));
      return access.map(({ role, allowed }) => `${role} ${allowed}`).join();
    },
    accept: async (email: string) => {
      const [found] = await rows<{ id: string }>(
        `select id from invitations where organization = $1 and email_key = '${email}' and state = 'pending'`,
      );
      const token = await write((tx) => copyInvitationLink(tx, settings, [EVERYTHING], found?.id as never), "none");
      const invitation = await findInvitation(ctx.db, hashToken(token));
      return invitation ? acceptInvitation(ctx, invitation, hashToken(token), null) : "closed";
    },
    link: (limits: Partial<LinkLimits> = {}) =>
      write((tx) =>
        createLink(
          tx,
          [EVERYTHING],
          {
            label: "summer",
            maxUses: null,
            expiresAt: null,
            allowedDomains: [],
            email: null,
            needsApproval: false,
            ...limits,
          },
          { roles: [{ product: wiki, role: "user" }], groups: [], spaces: [] },
        ),
      ),
    use: async (token: string, email: string) => {
      const found = await findLink(ctx.db, hashToken(token));
      if (found) await useLink(ctx, found, hashToken(token), stranger(email));
    },
  };
}
