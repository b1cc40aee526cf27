import { type AccessRequestId, type DirectoryUserId, newId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { runJob } from "../../src/jobs/run-job.ts";
import type { Api, Company } from "./world.ts";

/** A request that its route accepts, and that changes something where the route can. */
export type Fixture = {
  path: string;
  body?: unknown;
  changesNothing?: true;
  /** Fields that cannot stand beside one of the body's: which one goes, where such a field is given. */
  inPlaceOf?: Record<string, string>;
};

/** Somebody who can be switched from one directory to the other. */
async function alsoInCorp({ db }: Api["ctx"], { organization, corp }: Company): Promise<void> {
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const record = {
    id: newId<DirectoryUserId>(),
    immutableId: "ada",
    externalId: "ada",
    userName: "ada",
    active: true,
    email: null,
    displayName: null,
    resource: {},
    contentHash: null,
  };
  await inTransaction({ db }, actor, (tx) => insertDirectoryUsers(tx, corp.id, [record]));
}

/** A valid request for every route of the table, by the route's id. A route that has none here fails the tests of all. */
export async function validRequests({ ask, ctx }: Api, c: Company): Promise<Record<string, Fixture>> {
  const { people, groups, grants, guest, runs, mail } = c;
  const made = async (path: string, body: unknown, method = "POST") => {
    const answer = await ask(method, path, { token: c.token, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.body;
  };
  await alsoInCorp(ctx, c);
  const webhook = (await made("/webhooks", { name: "main", url: "https://hooks.example.com/muster" })).webhook.id;
  const right = await made("/rights", { user: people.ada, bundle: "auditor", scope: { kind: "organization" } });
  const token = await made("/tokens", { permissions: ["users:read"], name: "reader" });
  const disabled = (await made("/webhooks", { name: "off", url: "https://hooks.example.com/off" })).webhook.id;
  await made(`/webhooks/${disabled}/disable`, { reason: "broken" });
  const delivery = (await made(`/webhooks/${webhook}/test`, undefined)).id;
  const job = (await made("/users/bulk", { action: "suspend", ids: [people.carol] })).job.id;
  const exported = (await made("/exports", { kind: "users", format: "csv" })).id;
  await runJob(ctx, { organization: c.organization, job: exported }, undefined);
  const provider = {
    issuer: "https://id.example.com",
    clientId: "muster",
    clientSecret: "hush",
    domains: ["acme.example"],
  };
  const imported = {
    email: "nia@elsewhere.example",
    product: "wiki",
    role: "guest",
    groups: "",
    space: "docs",
    permission: "read-only",
    sponsor: "ada",
    until: "P30D",
    message: "Welcome",
  };
  const guestPolicy = {
    countPending: false,
    mostSpaces: 2,
    withoutSpace: false,
    period: "P30D",
    longestPeriod: "P1Y",
    longestPeriodByOthers: "P90D",
    reminders: ["P7D", "PT12H"],
    sponsorRequired: true,
    formerMembers: false,
    allowedDomains: ["*.partner.example"],
    deniedDomains: ["own"],
    state: "beta",
    stateReason: "we are trying it",
    clientLimits: [{ client: "mobile", limit: "guests cannot sign in", url: "https://tracker.example.com/1" }],
  };
  const hal = (await made("/users", { email: "hal@elsewhere.example" })).id;
  const [mia, ned, ora, pia, quy, rob] = await Promise.all(
    ["mia", "ned", "ora", "pia", "quy", "rob"].map(
      async (name) => (await made("/users", { email: `${name}@elsewhere.example` })).id,
    ),
  );
  for (const id of [ned, ora]) await made(`/users/${id}/address-changes`, { email: `${id}@other.example` });
  await ctx.db.of(c.organization).query({
    text: "update mails set created_at = created_at - interval '1 hour' where organization = $1 and kind = 'email-change-new'",
    values: [c.organization],
  });
  await made("/users/merge", { from: rob, to: quy });
  await made("/settings/sign-up-domains", { domains: ["staff.example"] }, "PUT");
  const ina = (await made("/users", { email: "ina@staff.example" })).id;
  const jil = (await made("/users", { email: "jil@staff.example" })).id;
  await made(`/users/${jil}/deactivate`, { reason: "on leave" });
  const kim = (await made("/users", { email: "kim@elsewhere.example" })).id;
  await made(`/users/${kim}/remove`, {});
  await made("/settings/single-sign-on", provider, "PUT");
  await made("/settings/single-sign-on/bindings", { user: people.ada, subject: "ada" });
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const soon = inDays(30);
  const invited = async (email: string) =>
    (await made("/invitations", { emails: [email], groups: [groups.users.id], notify: false })).results[0].invitation;
  await made("/products/wiki/default-groups/user", { group: groups.users.id }, "PUT");
  await made("/products/wiki/default-groups/guest", { group: groups.guests.id }, "PUT");
  const invitation = await invited("ivy@elsewhere.example");
  // Two people have the address by now, so somebody has to say who is meant.
  const review = await invited("jan@elsewhere.example");
  await ctx.db.of(c.organization).query({
    text: "update invitations set state = 'needs-review', review = 'several-accounts' where organization = $1 and id = $2",
    values: [c.organization, review],
  });
  const wish = {
    products: [{ product: "wiki", site: c.key, role: "user" }],
    groups: [groups.users.id],
    spaces: [
      {
        product: "wiki",
        site: c.key,
        space: "docs",
        permission: "read-only",
        sponsor: people.ada,
        expiresAt: "2100-01-01T00:00:00Z",
      },
    ],
  };
  const link = (await made("/links", { label: "summer", groups: [groups.users.id] })).link.id;
  const asked = async (email: string, blocks: boolean) => {
    const id = newId<AccessRequestId>();
    await ctx.db.of(c.organization).query({
      text: `insert into access_requests (organization, id, email, email_key, source, state, blocks)
        values ($1, $2, $3, $3, 'form', case when $4 then 'denied' else 'open' end, $4)`,
      values: [c.organization, id, email, blocks],
    });
    return id;
  };
  const request = await asked("oli@elsewhere.example", false);
  const blocked = await asked("pam@elsewhere.example", true);
  const mailed = async (email: string) =>
    (await made("/invitations", { emails: [email], groups: [groups.users.id] })).results[0].mail;
  const [waiting, cancelled] = [await mailed("quin@elsewhere.example"), await mailed("una@elsewhere.example")];
  await made(`/mails/${cancelled}/cancel`, undefined);
  await ctx.db.of(c.organization).query({
    text: "insert into mail_suppressions (organization, email_key, reason) values ($1, 'gone@elsewhere.example', 'asked')",
    values: [c.organization],
  });
  await made("/mail-texts/invitation/de", { intro: "Guten Tag" }, "PATCH");
  const audited = (await ask("GET", "/audit?limit=1", { token: c.token })).body.data[0].id;
  return {
    "users.list": { path: "/users" },
    "users.get": { path: `/users/${people.ada}` },
    "users.access": { path: `/users/${people.ada}/access` },
    "users.groups": { path: `/users/${people.ada}/groups` },
    "users.why": { path: `/users/${people.bob}/why?product=wiki&site=${c.key}` },
    "users.explain": { path: `/users/${people.ada}/explain` },
    "users.create": { path: "/users", body: { email: "new@elsewhere.example", displayName: "New", notify: true } },
    "users.confirm": { path: `/users/${people.eve}/confirm` },
    "users.tellUserName": { path: `/users/${hal}/tell-user-name` },
    "users.resendInvite": { path: `/users/${people.fay}/resend-invite` },
    "users.update": {
      path: `/users/${hal}`,
      body: { displayName: "Hal", givenName: "Hal", familyName: null, email: "hal@other.example" },
    },
    "users.addressChanges": { path: `/users/${ned}/address-changes` },
    "users.changeAddress": { path: `/users/${mia}/address-changes`, body: { email: "mia@other.example" } },
    "users.cancelAddressChange": { path: `/users/${ned}/address-changes/cancel` },
    "users.resendAddressChange": { path: `/users/${ora}/address-changes/resend` },
    "users.duplicates": { path: "/users/duplicates" },
    "users.wrongAddress": {
      path: `/users/${pia}/wrong-address`,
      body: { email: "pia@right.example", repair: "change-address", notify: true },
    },
    "users.merge": { path: "/users/merge", body: { from: pia, to: quy } },
    "users.unmerge": { path: `/users/${rob}/unmerge` },
    "users.suspend": { path: `/users/${people.ada}/suspend`, body: { reason: "left" } },
    "users.restore": { path: `/users/${people.dave}/restore` },
    "users.deactivate": { path: `/users/${ina}/deactivate`, body: { reason: "left" } },
    "users.reactivate": { path: `/users/${jil}/reactivate` },
    "users.revokeAccess": {
      path: `/users/${people.ada}/revoke-access`,
      body: { product: "wiki", site: c.key, reason: "moved" },
    },
    "users.remove": { path: `/users/${hal}/remove`, body: { reason: "left" } },
    "users.undoRemove": { path: `/users/${kim}/undo-remove` },
    "users.erase": { path: `/users/${hal}/erase` },
    "users.offBoarding": { path: `/users/${people.ada}/off-boarding` },
    "users.offBoard": {
      path: `/users/${people.ada}/off-board`,
      body: { to: people.bob, leaving: "suspend", rights: true, reason: "left" },
    },
    "access.check": {
      path: "/access/check",
      body: { product: "wiki", site: c.key, user: { userName: "ada" }, space: "docs", seen: true },
      changesNothing: true,
    },
    "sites.list": { path: "/sites" },
    "sites.get": { path: `/sites/${c.key}` },
    "sites.create": { path: "/sites", body: { key: "north", name: "North" } },
    "sites.update": { path: `/sites/${c.key}`, body: { name: "Renamed" } },
    "sites.members": { path: `/sites/${c.key}/members` },
    "products.list": { path: "/products" },
    "products.get": { path: "/products/wiki" },
    "products.access": { path: "/products/wiki/access" },
    "products.create": {
      path: "/products",
      body: {
        key: "desk",
        site: c.key,
        name: "Desk",
        url: "https://desk.example.com",
        hasGuests: true,
        seats: 10,
        seatEnforcement: "block",
        guestBasis: "fixed",
        guestRatio: 5,
        guestEnforcement: "block",
      },
    },
    "products.update": {
      path: "/products/wiki",
      body: {
        name: "The wiki",
        url: null,
        hasGuests: true,
        seats: 3,
        seatEnforcement: "warn",
        guestBasis: "fixed",
        guestRatio: 2,
        guestEnforcement: "warn",
      },
    },
    "spaces.list": { path: "/products/wiki/spaces" },
    "spaces.get": { path: "/products/wiki/spaces/docs" },
    "spaces.create": { path: "/products/wiki/spaces", body: { key: "ops", name: "Operations" } },
    "spaces.update": { path: "/products/wiki/spaces/docs", body: { name: "Documents" } },
    "groups.list": { path: "/groups" },
    "groups.get": { path: `/groups/${groups.users.id}` },
    "groups.create": { path: "/groups", body: { name: "newcomers" } },
    "groups.update": { path: `/groups/${groups.users.id}`, body: { name: "everybody" } },
    "groups.delete": { path: `/groups/${groups.users.id}` },
    "groups.members": { path: `/groups/${groups.users.id}/members` },
    "groups.addMembers": { path: `/groups/${groups.users.id}/members`, body: { users: [people.carol, people.fay] } },
    "groups.removeMember": { path: `/groups/${groups.users.id}/members/${people.ada}` },
    "groups.nested": { path: `/groups/${groups.users.id}/groups` },
    "groups.nest": { path: `/groups/${groups.users.id}/groups`, body: { groups: [groups.empty.id] } },
    "groups.unnest": { path: `/groups/${groups.users.id}/groups/${groups.owners.id}` },
    "grants.list": { path: "/grants" },
    "grants.get": { path: `/grants/${grants.users.id}` },
    "grants.create": {
      path: "/grants",
      body: { group: "local/users", product: "tracker", site: c.key, role: "user" },
    },
    "grants.confirm": { path: `/grants/${grants.waiting.id}/confirm` },
    "grants.delete": { path: `/grants/${grants.users.id}` },
    "guestPolicy.get": { path: "/products/wiki/guest-policy" },
    "guestPolicy.update": {
      path: "/products/wiki/guest-policy",
      body: guestPolicy,
    },
    "products.defaultGroups": { path: "/products/wiki/default-groups" },
    "products.setDefaultGroup": {
      path: "/products/wiki/default-groups/user",
      body: { group: null },
    },
    "seats.list": { path: "/seats" },
    "invitations.list": { path: "/invitations" },
    "invitations.get": { path: `/invitations/${invitation}` },
    "invitations.create": {
      path: "/invitations",
      body: {
        emails: ["kim@elsewhere.example, lou@elsewhere.example"],
        ...wish,
        notify: true,
        message: "We look forward to you.",
      },
    },
    "invitations.import": {
      path: "/invitations/import",
      body: { rows: [imported], notify: true },
      inPlaceOf: { csv: "rows" },
    },
    "invitations.previewImport": {
      path: "/invitations/import/preview",
      body: { rows: [imported], notify: true },
      inPlaceOf: { csv: "rows" },
      changesNothing: true,
    },
    "invitations.resend": { path: `/invitations/${invitation}/resend` },
    "invitations.copyLink": { path: `/invitations/${invitation}/copy-link` },
    "invitations.extend": { path: `/invitations/${invitation}/extend`, body: { expiresAt: inDays(20) } },
    "invitations.correct": { path: `/invitations/${invitation}/correct`, body: { email: "yvi@elsewhere.example" } },
    "invitations.revoke": { path: `/invitations/${invitation}/revoke` },
    "invitations.approve": { path: `/invitations/${review}/approve`, body: { user: people.ada } },
    "links.list": { path: "/links" },
    "links.get": { path: `/links/${link}` },
    "links.create": {
      path: "/links",
      body: {
        label: "autumn",
        maxUses: 10,
        expiresAt: inDays(20),
        allowedDomains: ["elsewhere.example"],
        email: "quin@elsewhere.example",
        needsApproval: true,
        ...wish,
      },
    },
    "links.reset": { path: `/links/${link}/reset` },
    "links.disable": { path: `/links/${link}/disable` },
    "links.uses": { path: `/links/${link}/uses` },
    "requests.list": { path: "/requests" },
    "requests.get": { path: `/requests/${request}` },
    "requests.approve": { path: `/requests/${request}/approve`, body: wish },
    "requests.deny": { path: `/requests/${request}/deny`, body: { answer: "no", blocks: true } },
    "requests.snooze": { path: `/requests/${request}/snooze`, body: { until: inDays(3) } },
    "requests.unblock": { path: `/requests/${blocked}/unblock` },
    "signUp.get": { path: "/settings/sign-up" },
    "signUp.set": {
      path: "/settings/sign-up",
      body: {
        mode: "open",
        verification: "always",
        notices: false,
        requests: true,
        domains: ["*.example.net"],
        roles: [{ product: "wiki", site: c.key, role: "user", domain: "*.acme.example", needsApproval: true }],
      },
    },
    "signUp.allowDomain": {
      path: "/settings/sign-up/domains",
      body: { domain: "partner.example", products: [{ product: "wiki", site: c.key, needsApproval: true }] },
    },
    "signUp.test": { path: "/settings/sign-up/test?email=a@acme.example" },
    "guests.list": { path: "/guests" },
    "guests.get": { path: `/guests/${guest.id}` },
    "guests.assign": {
      path: "/guests",
      body: {
        user: people.eve,
        product: "wiki",
        site: c.key,
        space: "docs",
        permission: "read-only",
        expiresAt: "2100-01-01T00:00:00Z",
        sponsor: people.ada,
      },
    },
    "guests.convert": {
      path: "/guests/convert",
      body: {
        user: people.carol,
        product: "wiki",
        site: c.key,
        to: "guest",
        space: "docs",
        permission: "read-only",
        expiresAt: "2100-01-01T00:00:00Z",
        sponsor: people.ada,
      },
    },
    "guests.update": { path: `/guests/${guest.id}`, body: { permission: "can-create-and-edit" } },
    "guests.extend": { path: `/guests/${guest.id}/extend`, body: { expiresAt: "2100-01-01T00:00:00+02:00" } },
    "guests.remove": { path: `/guests/${guest.id}` },
    "directories.list": { path: "/directories" },
    "directories.get": { path: "/directories/okta" },
    "directories.scimRequests": { path: "/directories/okta/scim-requests" },
    "directories.removals": { path: "/directories/okta/removals" },
    "directories.create": {
      path: "/directories",
      body: {
        kind: "ldap",
        name: "branch",
        settings: {
          url: "ldap://127.0.0.1",
          bindDn: "cn=r,dc=example",
          base: "dc=example",
          attributes: { email: "mail" },
        },
        secret: "password",
        domainPolicy: true,
        authoritativeDomains: ["example.com"],
        firstRun: "apply",
        syncEvery: null,
      },
    },
    "directories.update": {
      path: "/directories/okta",
      body: {
        profile: "okta",
        requireIfMatch: true,
        domainPolicy: true,
        authoritativeDomains: ["example.com"],
        permissions: "read-only",
      },
    },
    "directories.order": { path: "/directories/order", body: { names: ["corp", "okta", "internal"] } },
    "directories.remove": { path: "/directories/corp", body: { confirm: "corp" } },
    "directories.writeTarget": { path: "/directories/write-target" },
    "directories.release": { path: "/directories/okta/release", body: { seconds: 3_600, reason: "migration" } },
    "directories.switch": {
      path: "/directories/corp/switch",
      body: { to: "okta", match: "userName", groups: "by-name" },
    },
    "directories.sync": { path: "/directories/corp/sync", body: { mode: "dry-run" } },
    "directories.test": { path: "/directories/corp/test", changesNothing: true },
    "directories.testSettings": {
      path: "/directories/test",
      body: {
        kind: "ldap",
        settings: { url: "ldap://127.0.0.1", bindDn: "cn=r,dc=example", base: "dc=example" },
        secret: "password",
      },
      changesNothing: true,
    },
    "directories.tokens": { path: "/directories/okta/tokens" },
    "directories.createToken": {
      path: "/directories/okta/tokens",
      body: { name: "okta", scopes: ["users:read", "users:write"], expiresAt: soon },
    },
    "runs.list": { path: "/runs" },
    "runs.get": { path: `/runs/${runs.held}` },
    "runs.plan": { path: `/runs/${runs.held}/plan` },
    "runs.approve": { path: `/runs/${runs.held}/approve`, body: { reason: "looked at it" } },
    "runs.conflicts": { path: `/runs/${runs.held}/conflicts` },
    "runs.discard": { path: `/runs/${runs.held}/discard`, body: { reason: "not wanted" } },
    "runs.undo": { path: `/runs/${runs.done}/undo` },
    "events.list": { path: "/events" },
    "events.kinds": { path: "/events/kinds" },
    "audit.list": { path: "/audit" },
    "audit.verify": { path: "/audit/verification?after=0" },
    "audit.get": { path: `/audit/${audited}` },
    "mails.list": { path: "/mails" },
    "mails.get": { path: `/mails/${mail.mailId}` },
    "diagnostics.get": { path: "/diagnostics" },
    "mails.cancel": { path: `/mails/${waiting}/cancel` },
    "mails.retry": { path: `/mails/${cancelled}/retry` },
    "mailSuppressions.list": { path: "/mail-suppressions" },
    "mailSuppressions.remove": { path: "/mail-suppressions/remove", body: { email: "gone@elsewhere.example" } },
    "mailTexts.list": { path: "/mail-texts" },
    "mailTexts.get": { path: "/mail-texts/invitation/en" },
    "mailTexts.set": {
      path: "/mail-texts/invitation/en",
      body: {
        subject: "Welcome to {{ organization }}",
        intro: "Hello",
        action: "{{ link }} until {{ expires }}",
        outro: "Bye",
        message: "We wait for you",
      },
    },
    "mailTexts.reset": { path: "/mail-texts/invitation/de/reset" },
    "mailTexts.preview": {
      path: "/mail-texts/invitation/en/preview",
      body: {
        subject: "Hello",
        intro: "Hello",
        action: "{{ link }} until {{ expires }}",
        outro: "Bye",
        message: "We wait for you",
      },
      changesNothing: true,
    },
    "settings.get": { path: "/settings" },
    "settings.update": {
      path: "/settings",
      body: {
        name: "Acme Limited",
        membershipMode: "masking",
        externalUserManagement: true,
        locale: "de",
        timeZone: "Europe/Berlin",
        experience: "site",
        statusVocabulary: "site",
        whoMayInvite: "managers",
        linkPeriod: "P30D",
        respectDomainPolicy: "always",
        notify: false,
        invitesPerRequest: { guests: 5, people: 50 },
        defaultSelection: "product-default",
        notifications: { signUp: ["administrators"], request: ["scope-owners"], guestEnding: ["sponsor"] },
        invitationBudget: { inviterPerHour: 20, organizationPerDay: 100 },
        guestQuota: { basis: "members", ratio: 3, enforcement: "warn" },
        guestPolicy,
      },
    },
    "presets.list": { path: "/settings/presets" },
    "presets.apply": { path: "/settings/apply-preset", body: { name: "workspace" } },
    "signUpDomains.get": { path: "/settings/sign-up-domains" },
    "signUpDomains.set": { path: "/settings/sign-up-domains", body: { domains: ["*.example.com", "example.org"] } },
    "schemaExtensions.get": { path: "/settings/schema-extensions" },
    "schemaExtensions.set": {
      path: "/settings/schema-extensions",
      body: {
        extensions: [
          {
            urn: "urn:example:scim:1.0:Badge",
            resource: "User",
            name: "Badge",
            description: "What opens doors",
            required: false,
            attributes: [
              {
                name: "doors",
                type: "complex",
                multiValued: true,
                subAttributes: [{ name: "value", type: "string", description: "its number", canonicalValues: ["A"] }],
              },
            ],
          },
        ],
      },
    },
    "webhooks.list": { path: "/webhooks" },
    "webhooks.get": { path: `/webhooks/${webhook}` },
    "webhooks.create": { path: "/webhooks", body: { name: "other", url: "https://hooks.example.com/other" } },
    "webhooks.update": { path: `/webhooks/${webhook}`, body: { url: "https://hooks.example.com/third" } },
    "webhooks.remove": { path: `/webhooks/${webhook}` },
    "webhooks.rotateSecret": { path: `/webhooks/${webhook}/rotate-secret`, body: { overlapHours: 1 } },
    "webhooks.disable": { path: `/webhooks/${webhook}/disable`, body: { reason: "broken" } },
    "webhooks.test": { path: `/webhooks/${webhook}/test`, changesNothing: true },
    "webhooks.deliveries": { path: `/webhooks/${webhook}/deliveries` },
    "webhooks.enable": { path: `/webhooks/${disabled}/enable`, body: { missed: "skip" } },
    "webhooks.replay": { path: `/webhooks/${webhook}/replay`, body: { after: null } },
    "webhooks.replayDelivery": { path: `/webhooks/${webhook}/deliveries/${delivery}/replay`, changesNothing: true },
    "users.bulk": {
      path: "/users/bulk",
      body: { action: "suspend", ids: [people.ada, people.bob], reason: "left" },
      inPlaceOf: { filter: "ids" },
    },
    "jobs.list": { path: "/jobs" },
    "jobs.get": { path: `/jobs/${job}` },
    "jobs.results": { path: `/jobs/${job}/results` },
    "jobs.cancel": { path: `/jobs/${job}/cancel` },
    "exports.list": { path: "/exports" },
    "exports.get": { path: `/exports/${exported}` },
    "exports.file": { path: `/exports/${exported}/file` },
    "exports.create": { path: "/exports", body: { kind: "audit", format: "csv", since: "2026-01-01T00:00:00Z" } },
    "exports.remove": { path: `/exports/${exported}` },
    "singleSignOn.get": { path: "/settings/single-sign-on" },
    "singleSignOn.set": {
      path: "/settings/single-sign-on",
      body: { ...provider, enabled: false, emailClaim: "email", verifiedClaim: "email_verified" },
    },
    "singleSignOn.remove": { path: "/settings/single-sign-on" },
    "singleSignOnBindings.list": { path: "/settings/single-sign-on/bindings" },
    "singleSignOnBindings.make": {
      path: "/settings/single-sign-on/bindings",
      body: { user: people.bob, subject: "bob" },
    },
    "singleSignOnBindings.remove": { path: `/settings/single-sign-on/bindings/${people.ada}` },
    "rights.list": { path: "/rights" },
    "rights.get": { path: `/rights/${right.id}` },
    "rights.give": {
      path: "/rights",
      body: { user: people.fay, bundle: "site-administrator", scope: { kind: "site", id: c.site.id } },
    },
    "rights.take": { path: `/rights/${right.id}` },
    "administrators.list": { path: "/administrators" },
    "tokens.list": { path: "/tokens" },
    "tokens.get": { path: `/tokens/${token.id}` },
    "tokens.create": {
      path: "/tokens",
      body: { permissions: ["users:read"], scope: { kind: "organization" }, personal: false, name: "another" },
    },
    "tokens.revoke": { path: `/tokens/${token.id}/revoke` },
    "tokens.rotate": { path: `/tokens/${token.id}/rotate`, body: { overlapHours: 1 } },
    "me.get": { path: "/me" },
    "me.capabilities": { path: "/me/capabilities" },
    "openapi.get": { path: "/openapi.json" },
  };
}
