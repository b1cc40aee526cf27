// Made from the API's document by test/console/operations.test.ts with --update; edit the routes instead.

/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Role".
 */
export type Role = "admin" | "user" | "guest";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Status".
 */
export type Status = "invited-not-sent" | "invited" | "active" | "suspended" | "deactivated";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Bundle".
 */
export type Bundle =
  | "organization-administrator"
  | "auditor"
  | "site-administrator"
  | "trusted"
  | "basic"
  | "user-access-administrator"
  | "group-manager";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Instant".
 */
export type Instant = string;
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Permission".
 */
export type Permission =
  | "users:read"
  | "users:write"
  | "access:read"
  | "access:check"
  | "invitations:read"
  | "invitations:write"
  | "groups:read"
  | "groups:write"
  | "members:write"
  | "grants:read"
  | "grants:write"
  | "guests:read"
  | "guests:write"
  | "sites:read"
  | "sites:write"
  | "products:read"
  | "products:write"
  | "directories:read"
  | "directories:write"
  | "runs:read"
  | "runs:write"
  | "events:read"
  | "webhooks:read"
  | "webhooks:write"
  | "audit:read"
  | "exports:write"
  | "tokens:read"
  | "tokens:write"
  | "rights:read"
  | "rights:write"
  | "mails:read"
  | "mails:write"
  | "settings:read"
  | "settings:write";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SessionMethod".
 */
export type SessionMethod = "password" | "single-sign-on" | "break-glass";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "UserKind".
 */
export type UserKind = "member" | "guest";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SiteStatus".
 */
export type SiteStatus = "has-site-access" | "invitation-pending" | "invitation-not-sent" | "no-site-access";
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "EventKind".
 */
export type EventKind =
  | "access.granted"
  | "access.changed"
  | "access.revoked"
  | "access.expired"
  | "access-request.approved"
  | "access-request.denied"
  | "access-request.filed"
  | "access-request.snoozed"
  | "access-request.unblocked"
  | "account.address-asked"
  | "account.address-cancelled"
  | "account.address-changed"
  | "account.address-refused"
  | "account.address-reverted"
  | "account.canonical-changed"
  | "account.deactivated"
  | "account.erased"
  | "account.first-access"
  | "account.joined"
  | "account.merged"
  | "account.unmerged"
  | "account.reactivated"
  | "account.removed"
  | "account.access-revoked"
  | "account.off-boarded"
  | "account.told"
  | "account.suspended"
  | "account.restored"
  | "break-glass.created"
  | "break-glass.reset"
  | "break-glass.revoked"
  | "directory.removals-held"
  | "directory.removals-noticed"
  | "directory-group.created"
  | "directory-group.updated"
  | "directory-group.removed"
  | "directory-group.restored"
  | "directory-user.created"
  | "directory-user.updated"
  | "directory-user.removed"
  | "directory-user.restored"
  | "grant.bound"
  | "grant.changed"
  | "grant.confirmed"
  | "grant.created"
  | "grant.revoked"
  | "group.created"
  | "group.removed"
  | "group.renamed"
  | "group.groups-added"
  | "group.groups-removed"
  | "group.local-members-added"
  | "group.local-members-removed"
  | "group.members-changed"
  | "group.nesting-changed"
  | "guest.assigned"
  | "guest.converted"
  | "guest.extended"
  | "guest.permission-changed"
  | "guest.removed"
  | "invitation.accepted"
  | "invitation.approved"
  | "invitation.corrected"
  | "invitation.created"
  | "invitation.declined"
  | "invitation.extended"
  | "invitation.link-copied"
  | "invitation.needs-review"
  | "invitation.renewal-asked"
  | "invitation.resent"
  | "invitation.revoked"
  | "link.created"
  | "link.disabled"
  | "link.reset"
  | "mail.bounced"
  | "mail.cancelled"
  | "mail.failed"
  | "mail.lifted-suppression"
  | "mail.retried"
  | "mail.suppressed"
  | "mail.suppressed-address"
  | "mail.sent"
  | "right.given"
  | "right.taken"
  | "second-factor.enrolled"
  | "second-factor.removed"
  | "session.begun"
  | "sign-up.changed"
  | "sign-up-domains.changed"
  | "single-sign-on.bound"
  | "single-sign-on.changed"
  | "single-sign-on.removed"
  | "single-sign-on.unbound"
  | "sync.abandoned"
  | "sync.done"
  | "sync.failed"
  | "sync.held"
  | "sync.partial"
  | "sync.previewed"
  | "token.revoked"
  | "webhook.disabled";

export interface Operations {
  "access.check": {
    params: {};
    query: {};
    body: {
      product: string;
      site?: string;
      user: {
        id?: string;
        userName?: string;
        email?: string;
        externalId?: string;
      };
      space?: string;
      seen?: boolean;
    };
    answer: {
      allowed: boolean;
      role: Role | null;
      permission: ("can-create-and-edit" | "read-only") | null;
      status: Status | null;
      reason: string | null;
      until: string | null;
    };
  };
  "administrators.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Administrator[];
      page: {
        next: string | null;
      };
    };
  };
  "audit.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      order?: "newest-first" | "oldest-first";
      actor?: string;
      actorKind?: string;
      action?: string;
      subject?: string;
      since?: string;
      until?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: AuditRow[];
      page: {
        next: string | null;
      };
    };
  };
  "audit.verify": {
    params: {};
    query: {
      after?: number;
    };
    body: null;
    answer: AuditVerification;
  };
  "audit.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: AuditRow;
  };
  "diagnostics.get": {
    params: {};
    query: {};
    body: null;
    answer: Diagnostics;
  };
  "directories.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Directory[];
      page: {
        next: string | null;
      };
    };
  };
  "directories.create": {
    params: {};
    query: {};
    body:
      | {
          kind: "scim";
          name: string;
          permissions?: "read-only" | "read-only-local-groups" | "read-write";
          domainPolicy?: boolean;
          authoritativeDomains?: string[];
          profile?: "generic" | "strict" | "entra" | "okta" | "onelogin" | "jumpcloud" | "google" | "ping";
          requireIfMatch?: boolean;
        }
      | {
          kind: "ldap";
          name: string;
          permissions?: "read-only" | "read-only-local-groups" | "read-write";
          domainPolicy?: boolean;
          authoritativeDomains?: string[];
          firstRun?: "preview" | "apply";
          deltaEvery?: number | null;
          settings: {
            [k: string]: unknown | undefined;
          };
          secret: string;
          syncEvery?: number | null;
        }
      | {
          kind: "google-workspace";
          name: string;
          permissions?: "read-only" | "read-only-local-groups" | "read-write";
          domainPolicy?: boolean;
          authoritativeDomains?: string[];
          firstRun?: "preview" | "apply";
          deltaEvery?: number | null;
          settings: {
            [k: string]: unknown | undefined;
          };
          secret: string;
          syncEvery?: number | null;
        };
    answer: Directory;
  };
  "directories.order": {
    params: {};
    query: {};
    body: {
      names: string[];
    };
    answer: {
      changed: boolean;
      directories: Directory[];
      consequences: Consequences;
      writeTarget: WriteTarget;
    };
  };
  "directories.testSettings": {
    params: {};
    query: {};
    body:
      | {
          kind: "ldap";
          settings: {
            [k: string]: unknown | undefined;
          };
          secret: string;
        }
      | {
          kind: "google-workspace";
          settings: {
            [k: string]: unknown | undefined;
          };
          secret: string;
        };
    answer: DirectoryTest;
  };
  "directories.writeTarget": {
    params: {};
    query: {};
    body: null;
    answer: WriteTarget;
  };
  "directories.remove": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      confirm: string;
    };
    answer: RemovedDirectory;
  };
  "directories.get": {
    params: {
      directory: string;
    };
    query: {};
    body: null;
    answer: Directory;
  };
  "directories.update": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      permissions?: "read-only" | "read-only-local-groups" | "read-write";
      domainPolicy?: boolean;
      authoritativeDomains?: string[];
      profile?: "generic" | "strict" | "entra" | "okta" | "onelogin" | "jumpcloud" | "google" | "ping";
      requireIfMatch?: boolean;
      settings?: {
        [k: string]: unknown | undefined;
      };
      secret?: string;
      firstRun?: "preview" | "apply";
      syncEvery?: number | null;
      deltaEvery?: number | null;
    };
    answer: Directory;
  };
  "directories.release": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      seconds: number;
      reason: string;
    };
    answer: {
      releasedUntil: Instant;
    };
  };
  "directories.removals": {
    params: {
      directory: string;
    };
    query: {};
    body: null;
    answer: {
      lost: number;
      gone: number;
      base: number;
      budget: number;
      releasedUntil: Instant | null;
      heldAt: Instant | null;
    } | null;
  };
  "directories.scimRequests": {
    params: {
      directory: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      status?: string;
      warnings?: boolean;
      since?: string;
    };
    body: null;
    answer: {
      data: LoggedRequest[];
      page: {
        next: string | null;
      };
    };
  };
  "directories.switch": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      to: string;
      match: string;
      groups?: "none" | "by-name";
    };
    answer: DirectorySwitch;
  };
  "directories.sync": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      mode?: "run" | "dry-run";
      lane?: "full" | "delta";
    };
    answer: AskedRun;
  };
  "directories.test": {
    params: {
      directory: string;
    };
    query: {};
    body: null;
    answer: DirectoryTest;
  };
  "directories.tokens": {
    params: {
      directory: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: DirectoryToken[];
      page: {
        next: string | null;
      };
    };
  };
  "directories.createToken": {
    params: {
      directory: string;
    };
    query: {};
    body: {
      name?: string;
      scopes?: ("users:read" | "users:write" | "groups:read" | "groups:write" | "me")[];
      user?: string;
      expiresAt?: string | null;
    };
    answer: NewDirectoryToken;
  };
  "events.list": {
    params: {};
    query: {
      limit?: number;
      after?: string;
    };
    body: null;
    answer: {
      data: Event[];
      page: {
        next: string | null;
      };
    };
  };
  "events.kinds": {
    params: {};
    query: {};
    body: null;
    answer: {
      data: {
        kind: string;
        meaning: string;
      }[];
      page: {
        next: string | null;
      };
    };
  };
  "exports.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Job[];
      page: {
        next: string | null;
      };
    };
  };
  "exports.create": {
    params: {};
    query: {};
    body: {
      kind: "users" | "access" | "audit" | "guests" | "grants";
      format: "csv" | "jsonl";
      filter?: string;
      since?: string;
      until?: string;
    };
    answer: Job;
  };
  "exports.remove": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "exports.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Job;
  };
  "exports.file": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "grants.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      product?: string;
      site?: string;
      group?: string;
    };
    body: null;
    answer: {
      data: Grant[];
      page: {
        next: string | null;
      };
    };
  };
  "grants.create": {
    params: {};
    query: {};
    body: {
      /**
       * DIRECTORY/NAME, local/NAME or id:UUID
       */
      group: string;
      product: string;
      site?: string;
      role: Role;
    };
    answer: Granted;
  };
  "grants.delete": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      accountsChanged: number;
    };
  };
  "grants.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Grant;
  };
  "grants.confirm": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      accountsChanged: number;
    };
  };
  "groups.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      directory?: string;
      name?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: Group[];
      page: {
        next: string | null;
      };
    };
  };
  "groups.create": {
    params: {};
    query: {};
    body: {
      name: string;
    };
    answer: Group;
  };
  "groups.delete": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "groups.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Group;
  };
  "groups.update": {
    params: {
      id: string;
    };
    query: {};
    body: {
      name: string;
    };
    answer: Group;
  };
  "groups.nested": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Group[];
      page: {
        next: string | null;
      };
    };
  };
  "groups.nest": {
    params: {
      id: string;
    };
    query: {};
    body: {
      groups: string[];
    };
    answer: {
      added: number;
    };
  };
  "groups.unnest": {
    params: {
      id: string;
      child: string;
    };
    query: {};
    body: null;
    answer: {
      removed: number;
    };
  };
  "groups.members": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Member[];
      page: {
        next: string | null;
      };
    };
  };
  "groups.addMembers": {
    params: {
      id: string;
    };
    query: {};
    body: {
      users: string[];
    };
    answer: {
      added: number;
    };
  };
  "groups.removeMember": {
    params: {
      id: string;
      user: string;
    };
    query: {};
    body: null;
    answer: MembersRemoved;
  };
  "guests.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      product?: string;
      site?: string;
      user?: string;
      endsBefore?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: Guest[];
      page: {
        next: string | null;
      };
    };
  };
  "guests.assign": {
    params: {};
    query: {};
    body: {
      user: string;
      product: string;
      site?: string;
      space: string;
      permission?: "can-create-and-edit" | "read-only";
      expiresAt?: string | null;
      sponsor?: string | null;
    };
    answer: Guest;
  };
  "guests.convert": {
    params: {};
    query: {};
    body:
      | {
          user: string;
          product: string;
          site?: string;
          to: "user";
        }
      | {
          user: string;
          product: string;
          site?: string;
          to: "guest";
          space: string;
          permission?: "can-create-and-edit" | "read-only";
          expiresAt?: string | null;
          sponsor?: string | null;
        };
    answer: {
      before: SeatUse;
      after: SeatUse;
    };
  };
  "guests.remove": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "guests.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Guest;
  };
  "guests.update": {
    params: {
      id: string;
    };
    query: {};
    body: {
      permission: "can-create-and-edit" | "read-only";
    };
    answer: Guest;
  };
  "guests.extend": {
    params: {
      id: string;
    };
    query: {};
    body: {
      expiresAt: string | null;
    };
    answer: Guest;
  };
  "invitations.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: Invitation[];
      page: {
        next: string | null;
      };
    };
  };
  "invitations.create": {
    params: {};
    query: {};
    body: {
      emails: string[];
      products?: {
        product: string;
        site?: string;
        role?: Role;
      }[];
      groups?: string[];
      spaces?: {
        product: string;
        site?: string;
        space: string;
        permission?: "can-create-and-edit" | "read-only";
        sponsor?: string | null;
        expiresAt?: string | null;
      }[];
      notify?: boolean;
      message?: string | null;
      locale?: ("en" | "de") | null;
    };
    answer: {
      results: {
        typed: string;
        email: string | null;
        verdict: "invited" | "given" | "member" | "needs-review" | "refused";
        code: string | null;
        message: string | null;
        user: string | null;
        invitation: string | null;
        mail: string | null;
        warnings: {
          code: "mistyped-domain" | "alias-of" | "near-to";
          message: string;
          suggestion: string;
        }[];
      }[];
      effects: EffectOfInvitation[];
      signUpOffer: {
        domain: string;
        people: number;
      }[];
    };
  };
  "invitations.import": {
    params: {};
    query: {};
    body: {
      rows?: ImportedInvitation[];
      csv?: string;
      notify?: boolean;
    };
    answer: Job;
  };
  "invitations.previewImport": {
    params: {};
    query: {};
    body: {
      rows?: ImportedInvitation[];
      csv?: string;
      notify?: boolean;
    };
    answer: {
      total: number;
      rows: PreviewedRow[];
    };
  };
  "invitations.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Invitation;
  };
  "invitations.approve": {
    params: {
      id: string;
    };
    query: {};
    body: {
      user?: string;
    };
    answer: Invitation;
  };
  "invitations.copyLink": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      link: string;
      invitation: Invitation;
    };
  };
  "invitations.correct": {
    params: {
      id: string;
    };
    query: {};
    body: {
      email: string;
    };
    answer: Invitation;
  };
  "invitations.extend": {
    params: {
      id: string;
    };
    query: {};
    body: {
      expiresAt: string;
    };
    answer: Invitation;
  };
  "invitations.resend": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      mail: string;
      invitation: Invitation;
    };
  };
  "invitations.revoke": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Invitation;
  };
  "jobs.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Job[];
      page: {
        next: string | null;
      };
    };
  };
  "jobs.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Job;
  };
  "jobs.cancel": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Job;
  };
  "jobs.results": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      state?: "open" | "done" | "unchanged" | "refused";
    };
    body: null;
    answer: {
      data: JobResult[];
      page: {
        next: string | null;
      };
    };
  };
  "links.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Link[];
      page: {
        next: string | null;
      };
    };
  };
  "links.create": {
    params: {};
    query: {};
    body: {
      label: string;
      maxUses?: number | null;
      expiresAt?: string | null;
      allowedDomains?: string[];
      email?: string | null;
      needsApproval?: boolean;
      products?: {
        product: string;
        site?: string;
        role?: Role;
      }[];
      groups?: string[];
      spaces?: {
        product: string;
        site?: string;
        space: string;
        permission?: "can-create-and-edit" | "read-only";
        sponsor?: string | null;
        expiresAt?: string | null;
      }[];
    };
    answer: {
      url: string;
      link: Link;
    };
  };
  "links.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Link;
  };
  "links.disable": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Link;
  };
  "links.reset": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      url: string;
      link: Link;
    };
  };
  "links.uses": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: UseOfLink[];
      page: {
        next: string | null;
      };
    };
  };
  "mailSuppressions.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: MailSuppression[];
      page: {
        next: string | null;
      };
    };
  };
  "mailSuppressions.remove": {
    params: {};
    query: {};
    body: {
      email: string;
    };
    answer: null;
  };
  "mailTexts.list": {
    params: {};
    query: {};
    body: null;
    answer: {
      data: MailText[];
      page: {
        next: string | null;
      };
    };
  };
  "mailTexts.get": {
    params: {
      kind:
        | "invitation"
        | "removals"
        | "break-glass"
        | "sign-up"
        | "request"
        | "guest-ending"
        | "email-change-new"
        | "email-change-old"
        | "delivery-problem"
        | "account"
        | "password";
      locale: "en" | "de";
    };
    query: {};
    body: null;
    answer: MailText;
  };
  "mailTexts.set": {
    params: {
      kind:
        | "invitation"
        | "removals"
        | "break-glass"
        | "sign-up"
        | "request"
        | "guest-ending"
        | "email-change-new"
        | "email-change-old"
        | "delivery-problem"
        | "account"
        | "password";
      locale: "en" | "de";
    };
    query: {};
    body: {
      subject?: string | null;
      intro?: string | null;
      action?: string | null;
      outro?: string | null;
      message?: string | null;
    };
    answer: MailText;
  };
  "mailTexts.preview": {
    params: {
      kind:
        | "invitation"
        | "removals"
        | "break-glass"
        | "sign-up"
        | "request"
        | "guest-ending"
        | "email-change-new"
        | "email-change-old"
        | "delivery-problem"
        | "account"
        | "password";
      locale: "en" | "de";
    };
    query: {};
    body: {
      subject?: string | null;
      intro?: string | null;
      action?: string | null;
      outro?: string | null;
      message?: string | null;
    };
    answer: MailPreview;
  };
  "mailTexts.reset": {
    params: {
      kind:
        | "invitation"
        | "removals"
        | "break-glass"
        | "sign-up"
        | "request"
        | "guest-ending"
        | "email-change-new"
        | "email-change-old"
        | "delivery-problem"
        | "account"
        | "password";
      locale: "en" | "de";
    };
    query: {};
    body: null;
    answer: MailText;
  };
  "mails.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      state?: "queued" | "sending" | "sent" | "deferred" | "bounced" | "failed" | "suppressed" | "cancelled";
      user?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: Mail[];
      page: {
        next: string | null;
      };
    };
  };
  "mails.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Mail;
  };
  "mails.cancel": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Mail;
  };
  "mails.retry": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Mail;
  };
  "me.get": {
    params: {};
    query: {};
    body: null;
    answer: Me;
  };
  "me.capabilities": {
    params: {};
    query: {
      operation?: string;
      on?: string;
    };
    body: null;
    answer:
      | Explanation
      | {
          data: Capability[];
          page: {
            next: string | null;
          };
        };
  };
  "openapi.get": {
    params: {};
    query: {};
    body: null;
    answer: {
      [k: string]: unknown | undefined;
    };
  };
  "products.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      site?: string;
    };
    body: null;
    answer: {
      data: Product[];
      page: {
        next: string | null;
      };
    };
  };
  "products.create": {
    params: {};
    query: {};
    body: {
      name?: string;
      url?: string | null;
      hasGuests?: boolean;
      seats?: number | null;
      seatEnforcement?: "warn" | "block";
      guestBasis?: "unlimited" | "fixed" | "paid-seats" | "members";
      guestRatio?: number;
      guestEnforcement?: "warn" | "block";
      key: string;
      site?: string;
    };
    answer: Product;
  };
  "products.get": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: null;
    answer: Product;
  };
  "products.update": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: {
      name?: string;
      url?: string | null;
      hasGuests?: boolean;
      seats?: number | null;
      seatEnforcement?: "warn" | "block";
      guestBasis?: "unlimited" | "fixed" | "paid-seats" | "members";
      guestRatio?: number;
      guestEnforcement?: "warn" | "block";
    };
    answer: Product;
  };
  "products.access": {
    params: {
      key: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      site?: string;
    };
    body: null;
    answer: {
      data: PersonAccess[];
      page: {
        next: string | null;
      };
    };
  };
  "products.defaultGroups": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: null;
    answer: {
      data: DefaultGroup[];
      page: {
        next: string | null;
      };
    };
  };
  "products.setDefaultGroup": {
    params: {
      key: string;
      role: Role;
    };
    query: {
      site?: string;
    };
    body: {
      group: string | null;
    };
    answer: {
      changed: boolean;
    };
  };
  "guestPolicy.get": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: null;
    answer: {
      countPending: boolean;
      mostSpaces: number | null;
      withoutSpace: boolean;
      period: string | null;
      longestPeriod: string | null;
      longestPeriodByOthers: string | null;
      reminders: string[];
      sponsorRequired: boolean;
      formerMembers: boolean;
      allowedDomains: string[];
      deniedDomains: ("own" | string)[];
      state: "off" | "beta" | "general";
      stateReason: string | null;
      clientLimits: {
        client: string;
        limit: string;
        url: string | null;
      }[];
    };
  };
  "guestPolicy.update": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: {
      countPending?: boolean;
      mostSpaces?: number | null;
      withoutSpace?: boolean;
      period?: string | null;
      longestPeriod?: string | null;
      longestPeriodByOthers?: string | null;
      reminders?: string[];
      sponsorRequired?: boolean;
      formerMembers?: boolean;
      allowedDomains?: string[];
      deniedDomains?: ("own" | string)[];
      state?: "off" | "beta" | "general";
      stateReason?: string | null;
      clientLimits?: {
        client: string;
        limit: string;
        url: string | null;
      }[];
      inherit?: (
        | "countPending"
        | "mostSpaces"
        | "withoutSpace"
        | "period"
        | "longestPeriod"
        | "longestPeriodByOthers"
        | "reminders"
        | "sponsorRequired"
        | "formerMembers"
        | "allowedDomains"
        | "deniedDomains"
        | "state"
        | "stateReason"
        | "clientLimits"
      )[];
    };
    answer: {
      countPending: boolean;
      mostSpaces: number | null;
      withoutSpace: boolean;
      period: string | null;
      longestPeriod: string | null;
      longestPeriodByOthers: string | null;
      reminders: string[];
      sponsorRequired: boolean;
      formerMembers: boolean;
      allowedDomains: string[];
      deniedDomains: ("own" | string)[];
      state: "off" | "beta" | "general";
      stateReason: string | null;
      clientLimits: {
        client: string;
        limit: string;
        url: string | null;
      }[];
    };
  };
  "spaces.list": {
    params: {
      key: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      site?: string;
    };
    body: null;
    answer: {
      data: Space[];
      page: {
        next: string | null;
      };
    };
  };
  "spaces.create": {
    params: {
      key: string;
    };
    query: {
      site?: string;
    };
    body: {
      key: string;
      name?: string;
    };
    answer: Space;
  };
  "spaces.get": {
    params: {
      key: string;
      space: string;
    };
    query: {
      site?: string;
    };
    body: null;
    answer: Space;
  };
  "spaces.update": {
    params: {
      key: string;
      space: string;
    };
    query: {
      site?: string;
    };
    body: {
      name: string;
    };
    answer: Space;
  };
  "requests.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      state?: "open" | "approved" | "denied";
    };
    body: null;
    answer: {
      data: AccessRequest[];
      page: {
        next: string | null;
      };
    };
  };
  "requests.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: AccessRequest;
  };
  "requests.approve": {
    params: {
      id: string;
    };
    query: {};
    body: {
      products?: {
        product: string;
        site?: string;
        role?: Role;
      }[];
      groups?: string[];
      spaces?: {
        product: string;
        site?: string;
        space: string;
        permission?: "can-create-and-edit" | "read-only";
        sponsor?: string | null;
        expiresAt?: string | null;
      }[];
    };
    answer: AccessRequest;
  };
  "requests.deny": {
    params: {
      id: string;
    };
    query: {};
    body: {
      answer?: string | null;
      blocks?: boolean;
    };
    answer: AccessRequest;
  };
  "requests.snooze": {
    params: {
      id: string;
    };
    query: {};
    body: {
      until: string;
    };
    answer: AccessRequest;
  };
  "requests.unblock": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: AccessRequest;
  };
  "rights.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      user?: string;
      bundle?: Bundle;
    };
    body: null;
    answer: {
      data: Right[];
      page: {
        next: string | null;
      };
    };
  };
  "rights.give": {
    params: {};
    query: {};
    body: {
      user: string;
      bundle: Bundle;
      scope:
        | {
            kind: "organization";
          }
        | {
            kind: "site";
            id: string;
          }
        | {
            kind: "product";
            id: string;
          }
        | {
            kind: "group";
            id: string;
          };
    };
    answer: Right;
  };
  "rights.take": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "rights.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Right;
  };
  "runs.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      directory?: string;
      state?: "running" | "previewed" | "held" | "done" | "partial" | "failed" | "abandoned" | "undone" | "discarded";
      since?: string;
      filter?: string;
    };
    body: null;
    answer: {
      data: Run[];
      page: {
        next: string | null;
      };
    };
  };
  "runs.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Run;
  };
  "runs.approve": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason: string;
    };
    answer: AskedRun;
  };
  "runs.conflicts": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: RunConflict[];
      page: {
        next: string | null;
      };
    };
  };
  "runs.discard": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason: string;
    };
    answer: Run;
  };
  "runs.plan": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      kind?:
        | "user-add"
        | "user-restore"
        | "user-update"
        | "user-deactivate"
        | "user-remove"
        | "group-add"
        | "group-restore"
        | "group-update"
        | "group-remove"
        | "member-add"
        | "member-remove"
        | "nesting-add"
        | "nesting-remove"
        | "conflict"
        | "shared-address"
        | "shared-group-name";
    };
    body: null;
    answer: {
      data: PlanRow[];
      page: {
        next: string | null;
      };
    };
  };
  "runs.undo": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: AskedRun;
  };
  "seats.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: SeatUse[];
      page: {
        next: string | null;
      };
    };
  };
  "session.end": {
    params: {};
    query: {};
    body: null;
    answer: null;
  };
  "session.get": {
    params: {};
    query: {};
    body: null;
    answer: Session;
  };
  "session.begin": {
    params: {};
    query: {};
    body: {
      userName: string;
      organization?: string;
      password: string;
      code?: string;
      recoveryCode?: string;
    };
    answer: SessionBegun;
  };
  "session.breakGlass": {
    params: {};
    query: {};
    body: {
      name: string;
      organization?: string;
      password: string;
      code: string;
    };
    answer: SessionBegun;
  };
  "session.changePassword": {
    params: {};
    query: {};
    body: {
      currentPassword: string;
      newPassword: string;
    };
    answer: null;
  };
  "session.reauthenticate": {
    params: {};
    query: {};
    body: {
      password: string;
      code?: string;
      recoveryCode?: string;
    };
    answer: null;
  };
  "session.renewRecoveryCodes": {
    params: {};
    query: {};
    body: null;
    answer: RecoveryCodes;
  };
  "session.removeSecondFactor": {
    params: {};
    query: {};
    body: null;
    answer: null;
  };
  "session.beginSecondFactor": {
    params: {};
    query: {};
    body: null;
    answer: SecondFactorSecret;
  };
  "session.confirmSecondFactor": {
    params: {};
    query: {};
    body: {
      code: string;
    };
    answer: RecoveryCodes;
  };
  "sessions.endAll": {
    params: {};
    query: {};
    body: null;
    answer: null;
  };
  "sessions.list": {
    params: {};
    query: {};
    body: null;
    answer: {
      data: ListedSession[];
      page: {
        next: string | null;
      };
    };
  };
  "sessions.end": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "settings.get": {
    params: {};
    query: {};
    body: null;
    answer: Settings;
  };
  "settings.update": {
    params: {};
    query: {};
    body: {
      name?: string;
      membershipMode?: "aggregating" | "masking";
      externalUserManagement?: boolean;
      locale?: "en" | "de";
      timeZone?: string;
      experience?: "site" | "organization";
      statusVocabulary?: "site" | "organization";
      whoMayInvite?: "administrators" | "trusted" | "managers";
      linkPeriod?: string | null;
      respectDomainPolicy?: "never" | "links-only" | "always";
      notify?: boolean;
      invitesPerRequest?: {
        guests?: number;
        people?: number;
      };
      defaultSelection?: "none" | "product-default";
      notifications?: {
        signUp?: (("administrators" | "sponsor" | "scope-owners") | string)[];
        request?: (("administrators" | "sponsor" | "scope-owners") | string)[];
        guestEnding?: (("administrators" | "sponsor" | "scope-owners") | string)[];
      };
      invitationBudget?: {
        inviterPerHour?: number;
        inviterPerDay?: number;
        organizationPerDay?: number;
        addressPerDay?: number;
        addressInAll?: number;
        openAtLeast?: number;
        openPerMember?: number;
      };
      guestQuota?: {
        basis?: "unlimited" | "fixed" | "paid-seats" | "members";
        ratio?: number;
        enforcement?: "warn" | "block";
      };
      guestPolicy?: {
        countPending?: boolean;
        mostSpaces?: number | null;
        withoutSpace?: boolean;
        period?: string | null;
        longestPeriod?: string | null;
        longestPeriodByOthers?: string | null;
        reminders?: string[];
        sponsorRequired?: boolean;
        formerMembers?: boolean;
        allowedDomains?: string[];
        deniedDomains?: ("own" | string)[];
        state?: "off" | "beta" | "general";
        stateReason?: string | null;
        clientLimits?: {
          client: string;
          limit: string;
          url: string | null;
        }[];
      };
    };
    answer: Settings;
  };
  "presets.apply": {
    params: {};
    query: {};
    body: {
      name: "confluence-cloud" | "confluence-server" | "workspace" | "strict";
    };
    answer: AppliedPreset;
  };
  "presets.list": {
    params: {};
    query: {};
    body: null;
    answer: {
      data: Preset[];
      page: {
        next: string | null;
      };
    };
  };
  "schemaExtensions.get": {
    params: {};
    query: {};
    body: null;
    answer: SchemaExtensions;
  };
  "schemaExtensions.set": {
    params: {};
    query: {};
    body: {
      extensions: {
        urn: string;
        resource: "User" | "Group";
        name: string;
        description?: string;
        required?: boolean;
        attributes: {
          name: string;
          description?: string;
          required?: boolean;
          caseExact?: boolean;
          mutability?: "readWrite" | "immutable" | "writeOnly";
          returned?: "default" | "always" | "request" | "never";
          uniqueness?: "none";
          canonicalValues?: string[];
          referenceTypes?: string[];
          type: ("string" | "boolean" | "decimal" | "integer" | "dateTime" | "reference" | "binary") | "complex";
          multiValued?: boolean;
          subAttributes?: {
            name: string;
            description?: string;
            required?: boolean;
            caseExact?: boolean;
            mutability?: "readWrite" | "immutable" | "writeOnly";
            returned?: "default" | "always" | "request" | "never";
            uniqueness?: "none";
            canonicalValues?: string[];
            referenceTypes?: string[];
            type: "string" | "boolean" | "decimal" | "integer" | "dateTime" | "reference" | "binary";
            multiValued?: false;
          }[];
        }[];
      }[];
    };
    answer: {
      extensions: {
        urn: string;
        outcome: "created" | "updated" | "unchanged" | "removed";
      }[];
    };
  };
  "signUp.get": {
    params: {};
    query: {};
    body: null;
    answer: SignUp;
  };
  "signUp.set": {
    params: {};
    query: {};
    body: {
      mode: "off" | "restricted" | "open";
      verification?: "always" | "restricted-only";
      notices?: boolean;
      requests?: boolean;
      domains?: string[];
      roles?: {
        product: string;
        site?: string;
        role: "user" | "guest";
        domain?: string | null;
        needsApproval?: boolean;
      }[];
    };
    answer: SignUp;
  };
  "signUpDomains.get": {
    params: {};
    query: {};
    body: null;
    answer: SignUpDomains;
  };
  "signUpDomains.set": {
    params: {};
    query: {};
    body: {
      domains: string[];
    };
    answer: {
      domains: string[];
      accountsChanged: number;
    };
  };
  "signUp.allowDomain": {
    params: {};
    query: {};
    body: {
      domain: string;
      products?: {
        product: string;
        site?: string;
        needsApproval?: boolean;
      }[];
    };
    answer: SignUp;
  };
  "signUp.test": {
    params: {};
    query: {
      email: string;
    };
    body: null;
    answer: {
      allowed: boolean;
      reason: ("off" | "domain") | null;
      offer: string | null;
      roles: SignUpRole[];
    };
  };
  "singleSignOn.remove": {
    params: {};
    query: {};
    body: null;
    answer: null;
  };
  "singleSignOn.get": {
    params: {};
    query: {};
    body: null;
    answer: SingleSignOn;
  };
  "singleSignOn.set": {
    params: {};
    query: {};
    body: {
      issuer: string;
      clientId: string;
      clientSecret?: string;
      enabled?: boolean;
      domains: string[];
      emailClaim?: string;
      verifiedClaim?: string;
    };
    answer: SingleSignOn;
  };
  "singleSignOnBindings.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: SingleSignOnBinding[];
      page: {
        next: string | null;
      };
    };
  };
  "singleSignOnBindings.make": {
    params: {};
    query: {};
    body: {
      user: string;
      subject: string;
    };
    answer: SingleSignOnBinding;
  };
  "singleSignOnBindings.remove": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "setup.run": {
    params: {};
    query: {};
    body: {
      token: string;
      organization: {
        key: string;
        name?: string;
      };
      administrator: {
        email: string;
        password: string;
      };
    };
    answer: SetUp;
  };
  "singleSignOn.callback": {
    params: {};
    query: {
      code?: string;
      state?: string;
      iss?: string;
      error?: string;
      error_description?: string;
      error_uri?: string;
      session_state?: string;
      scope?: string;
    };
    body: null;
    answer: null;
  };
  "singleSignOn.start": {
    params: {};
    query: {
      organization?: string;
      fresh?: boolean;
    };
    body: null;
    answer: null;
  };
  "sites.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Site[];
      page: {
        next: string | null;
      };
    };
  };
  "sites.create": {
    params: {};
    query: {};
    body: {
      key: string;
      name?: string;
    };
    answer: Site;
  };
  "sites.get": {
    params: {
      key: string;
    };
    query: {};
    body: null;
    answer: Site;
  };
  "sites.update": {
    params: {
      key: string;
    };
    query: {};
    body: {
      name: string;
    };
    answer: Site;
  };
  "sites.members": {
    params: {
      key: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: SiteMember[];
      page: {
        next: string | null;
      };
    };
  };
  "tokens.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Token[];
      page: {
        next: string | null;
      };
    };
  };
  "tokens.create": {
    params: {};
    query: {};
    body:
      | {
          product: string;
          name?: string;
          expiresAt?: string | null;
        }
      | {
          permissions: Permission[] | null;
          scope?:
            | {
                kind: "organization";
              }
            | {
                kind: "site";
                id: string;
              }
            | {
                kind: "product";
                id: string;
              }
            | {
                kind: "group";
                id: string;
              };
          personal?: boolean;
          name?: string;
          expiresAt?: string | null;
        };
    answer: NewToken;
  };
  "tokens.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Token;
  };
  "tokens.revoke": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "tokens.rotate": {
    params: {
      id: string;
    };
    query: {};
    body: {
      overlapHours?: number;
    };
    answer: NewToken;
  };
  "users.list": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
      filter?: string;
      sort?: "id" | "-id" | "userName" | "-userName";
      count?: boolean;
    };
    body: null;
    answer: {
      data: User[];
      page: {
        next: string | null;
        total?: {
          count: number;
          exact: boolean;
        };
      };
    };
  };
  "users.create": {
    params: {};
    query: {};
    body: {
      email: string;
      displayName?: string;
      notify?: boolean;
    };
    answer: User;
  };
  "users.bulk": {
    params: {};
    query: {};
    body: {
      action: "suspend" | "restore" | "deactivate" | "reactivate" | "revoke-access" | "remove" | "resend-invite";
      filter?: string;
      ids?: string[];
      reason?: string;
    };
    answer: {
      job: Job;
      people: {
        id: string;
        userName: string;
        status: Status;
      }[];
    };
  };
  "users.duplicates": {
    params: {};
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: Duplicate[];
      page: {
        next: string | null;
      };
    };
  };
  "users.merge": {
    params: {};
    query: {};
    body: {
      from: string;
      to: string;
    };
    answer: Merge;
  };
  "users.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: User;
  };
  "users.update": {
    params: {
      id: string;
    };
    query: {};
    body: {
      displayName?: string | null;
      givenName?: string | null;
      familyName?: string | null;
      email?: string;
    };
    answer: User;
  };
  "users.access": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Access;
  };
  "users.addressChanges": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      data: AddressChange[];
      page: {
        next: string | null;
      };
    };
  };
  "users.changeAddress": {
    params: {
      id: string;
    };
    query: {};
    body: {
      email: string;
    };
    answer: {
      change: AddressChange;
      mail: string;
    };
  };
  "users.cancelAddressChange": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: AddressChange;
  };
  "users.resendAddressChange": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      change: AddressChange;
      mail: string;
    };
  };
  "users.confirm": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      confirmed: number;
    };
  };
  "users.deactivate": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason?: string;
    };
    answer: User;
  };
  "users.erase": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "users.explain": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      product?: string;
      site?: string;
    };
    body: null;
    answer: {
      data: AccessPath[];
      page: {
        next: string | null;
      };
    };
  };
  "users.groups": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
    };
    body: null;
    answer: {
      data: GroupOfUser[];
      page: {
        next: string | null;
      };
    };
  };
  "users.offBoard": {
    params: {
      id: string;
    };
    query: {};
    body: {
      to?: string;
      leaving?: "suspend" | "deactivate" | "remove";
      rights?: boolean;
      reason?: string;
    };
    answer: OffBoarded;
  };
  "users.offBoarding": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: LeftBehind;
  };
  "users.reactivate": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: User;
  };
  "users.remove": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason?: string;
    };
    answer: User;
  };
  "users.resendInvite": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      accountId: string;
      invitationId: string;
      mailId: string;
      status: Status;
    };
  };
  "users.restore": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: User;
  };
  "users.revokeAccess": {
    params: {
      id: string;
    };
    query: {};
    body: {
      product?: string;
      site?: string;
      reason?: string;
    };
    answer: User;
  };
  "users.suspend": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason?: string;
    };
    answer: User;
  };
  "users.tellUserName": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      mailId: string;
      linkExpiresAt: Instant | null;
    };
  };
  "users.undoRemove": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: User;
  };
  "users.unmerge": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: {
      id: string;
      userName: string;
      from: string;
    };
  };
  "users.why": {
    params: {
      id: string;
    };
    query: {
      product: string;
      site?: string;
    };
    body: null;
    answer: WhyAccess;
  };
  "users.wrongAddress": {
    params: {
      id: string;
    };
    query: {};
    body: {
      email: string;
      repair?: "correct-invitation" | "change-address" | "merge" | "reinvite";
      notify?: boolean;
    };
    answer: AddressRepair;
  };
  "webhooks.list": {
    params: {};
    query: {};
    body: null;
    answer: {
      data: Webhook[];
      page: {
        next: string | null;
      };
    };
  };
  "webhooks.create": {
    params: {};
    query: {};
    body: {
      name: string;
      url: string;
      kinds?: EventKind[];
      product?: string | null;
    };
    answer: {
      webhook: Webhook;
      secret: string;
    };
  };
  "webhooks.remove": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: null;
  };
  "webhooks.get": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: Webhook;
  };
  "webhooks.update": {
    params: {
      id: string;
    };
    query: {};
    body: {
      name?: string;
      url?: string;
      kinds?: EventKind[];
      product?: string | null;
    };
    answer: Webhook;
  };
  "webhooks.deliveries": {
    params: {
      id: string;
    };
    query: {
      limit?: number;
      cursor?: string;
      state?: "waiting" | "pending" | "delivered" | "failed";
    };
    body: null;
    answer: {
      data: WebhookDelivery[];
      page: {
        next: string | null;
      };
    };
  };
  "webhooks.replayDelivery": {
    params: {
      id: string;
      delivery: string;
    };
    query: {};
    body: null;
    answer: WebhookDelivery;
  };
  "webhooks.disable": {
    params: {
      id: string;
    };
    query: {};
    body: {
      reason: string;
    };
    answer: Webhook;
  };
  "webhooks.enable": {
    params: {
      id: string;
    };
    query: {};
    body: {
      missed?: "send" | "skip";
    };
    answer: Webhook;
  };
  "webhooks.replay": {
    params: {
      id: string;
    };
    query: {};
    body: {
      after: string | null;
    };
    answer: Webhook;
  };
  "webhooks.rotateSecret": {
    params: {
      id: string;
    };
    query: {};
    body: {
      overlapHours?: number;
    };
    answer: {
      webhook: Webhook;
      secret: string;
    };
  };
  "webhooks.test": {
    params: {
      id: string;
    };
    query: {};
    body: null;
    answer: WebhookDelivery;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Administrator".
 */
export interface Administrator {
  id: string;
  userName: string;
  email: string | null;
  rights: {
    bundle: Bundle;
    scope: Scope;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Scope".
 */
export interface Scope {
  kind: "organization" | "site" | "product" | "group";
  id?: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AuditRow".
 */
export interface AuditRow {
  id: number;
  at: Instant;
  actor: {
    kind: string;
    id: string | null;
  };
  requestId: string | null;
  action: string;
  subject: {
    kind: string;
    id: string | null;
  };
  detail: {
    [k: string]: unknown | undefined;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AuditVerification".
 */
export interface AuditVerification {
  seals: number;
  rows: number;
  erased: number;
  head: {
    position: number;
    seal: string;
  } | null;
  unsealed: {
    rows: number;
    first: number | null;
    since: Instant | null;
  };
  fault: {
    kind: "changed" | "missing" | "added" | "seal" | "other-key";
    seal: number;
    row: number | null;
  } | null;
  next: number | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Diagnostics".
 */
export interface Diagnostics {
  generatedAt: Instant;
  versions: {
    muster: string;
    node: string;
    postgresql: string;
    platform: string;
  };
  caller: {
    kind: string;
    permissions: {
      permission: Permission;
      everywhere: boolean;
    }[];
  };
  configuration: {
    [k: string]:
      | string
      | number
      | boolean
      | null
      | number[]
      | {
          [k: string]: string | number | boolean | null | number[] | undefined;
        }
      | undefined;
  };
  organization: {
    [k: string]: string | number | boolean | null | number[] | undefined;
  };
  directories: {
    id: string;
    kind: string;
    position: number;
    permissions: string;
    domainPolicy: boolean;
    firstRun: string;
    syncEvery: number | null;
    profile: string;
    hasSecret: boolean;
    people: number;
    groups: number;
    runs: {
      state: string;
      mode: string;
      lane: string;
      trigger: string;
      complete: boolean;
      counts: {
        [k: string]: number | undefined;
      };
      heldBy: string[];
      failed: boolean;
      startedAt: string;
      finishedAt: string | null;
    }[];
  }[];
  products: {
    id: string;
    hasGuests: boolean;
    seats: number | null;
    seatEnforcement: string;
    guestBasis: string;
    guestRatio: number;
    guestEnforcement: string;
    access: {
      [k: string]: number | undefined;
    };
  }[];
  counts: {
    [k: string]:
      | {
          [k: string]: number | undefined;
        }
      | undefined;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Directory".
 */
export interface Directory {
  id: string;
  name: string;
  kind: "internal" | "scim" | "ldap" | "google-workspace" | "csv";
  position: number;
  baseUrl: string | null;
  permissions: "read-only" | "read-only-local-groups" | "read-write";
  domainPolicy: boolean;
  authoritativeDomains: string[];
  profile: "generic" | "strict" | "entra" | "okta" | "onelogin" | "jumpcloud" | "google" | "ping";
  requireIfMatch: boolean;
  firstRun: "preview" | "apply";
  syncEvery: number | null;
  deltaEvery: number | null;
  settings: {
    [k: string]: unknown | undefined;
  };
  hasSecret: boolean;
  switchedTo: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Consequences".
 */
export interface Consequences {
  canonical: {
    total: number;
    named: {
      user: {
        id: string;
        userName: string;
      };
      from: string | null;
      to: string | null;
      deactivated: boolean;
      parked: boolean;
    }[];
  };
  deactivated: number;
  parked: number;
  roles: {
    total: number;
    named: {
      user: {
        id: string;
        userName: string;
      };
      site: string;
      product: string;
      from: {
        role: Role | null;
        allowed: boolean;
      };
      to: {
        role: Role | null;
        allowed: boolean;
      };
    }[];
  };
  products: {
    site: string;
    product: string;
    seats: {
      gained: number;
      lost: number;
    };
    guestSlots: {
      gained: number;
      lost: number;
    };
  }[];
  administrators: {
    total: number;
    named: {
      user: {
        id: string;
        userName: string;
      };
      bundle: Bundle;
      scope: Scope;
      becomes: "parked" | "ended";
    }[];
  };
  locksOutCaller: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "WriteTarget".
 */
export interface WriteTarget {
  directory: string | null;
  refusal: Refusal | null;
  directories: {
    name: string;
    kind: "internal" | "scim" | "ldap" | "google-workspace" | "csv";
    permissions: "read-only" | "read-only-local-groups" | "read-write";
    capabilities: {
      addPeople: boolean;
      editPeople: boolean;
      editGroups: boolean;
      localMembers: boolean;
    };
    refusal: Refusal | null;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Refusal".
 */
export interface Refusal {
  code: "externally-managed" | "read-only";
  message: string;
  /**
   * The setting that stands in the way, where it is changed, and what that brings.
   */
  setting: {
    name: string;
    value: string;
    path: string;
    command: string;
    consequence: string;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "DirectoryTest".
 */
export interface DirectoryTest {
  passed: boolean;
  steps: {
    name: "settings" | "connect" | "tls" | "bind" | "base" | "users" | "groups" | "count" | "members";
    verdict: "passed" | "warned" | "failed" | "skipped";
    detail: string;
    hint: string | null;
    samples: {
      id: string;
      name: string;
      location: string;
    }[];
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "RemovedDirectory".
 */
export interface RemovedDirectory {
  id: string;
  name: string;
  users: number;
  groups: number;
  grants: {
    total: number;
    named: {
      group: string;
      site: string;
      product: string;
      role: Role;
    }[];
  };
  consequences: Consequences;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "LoggedRequest".
 */
export interface LoggedRequest {
  at: Instant;
  id: string;
  requestId: string | null;
  token: string | null;
  method: string;
  path: string;
  query: string | null;
  status: number;
  duration: number;
  userAgent: string | null;
  bytes: number | null;
  warnings: {
    name: string;
    at: string[];
    times: number;
  }[];
  changes: {
    kind?: string;
    id?: string;
    did?: string;
    attributes?: string[];
    added?: number;
    removed?: number;
    more?: number;
  }[];
  request: unknown;
  cut: boolean;
  detail: string | null;
  skipped: number;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "DirectorySwitch".
 */
export interface DirectorySwitch {
  changed: boolean;
  from: {
    id: string;
    name: string;
  };
  to: {
    id: string;
    name: string;
  };
  match: string;
  counts: {
    [k: string]: number | undefined;
  };
  switched: {
    account: string;
    from: string;
    to: string;
    joined: string | null;
    rights: string[];
  }[];
  unmatched: {
    account: string;
    userName: string;
    email: string | null;
    access: {
      site: string;
      product: string;
      role: string | null;
      seat: boolean;
    }[];
    rights: string[];
    guestAssignments: number;
    localMemberships: number;
  }[];
  conflicts: {
    reason: string;
    from: string[];
    to: string[];
    detail: string;
  }[];
  access: {
    account: string;
    userName: string;
    site: string;
    product: string;
    what: "lost" | "changed" | "gained";
    roleBefore: string | null;
    role: string | null;
  }[];
  grants: (
    | {
        group: string;
        site: string;
        product: string;
        role: string;
      }
    | {
        group: string;
        inside: string;
      }
  )[];
  parked: {
    account: string;
    userName: string;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AskedRun".
 */
export interface AskedRun {
  runId: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "DirectoryToken".
 */
export interface DirectoryToken {
  id: string;
  name: string | null;
  scopes: ("users:read" | "users:write" | "groups:read" | "groups:write" | "me")[] | null;
  user: string | null;
  createdAt: Instant;
  expiresAt: Instant | null;
  lastUsedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "NewDirectoryToken".
 */
export interface NewDirectoryToken {
  id: string;
  token: string;
  expiresAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Event".
 */
export interface Event {
  id: string;
  at: Instant;
  kind: string;
  subject: {
    kind: string;
    id: string;
  };
  data: {
    [k: string]: unknown | undefined;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Job".
 */
export interface Job {
  id: string;
  action:
    | "suspend"
    | "restore"
    | "deactivate"
    | "reactivate"
    | "revoke-access"
    | "remove"
    | "resend-invite"
    | "import-invitations"
    | "export";
  input: {
    [k: string]: unknown | undefined;
  };
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  counts: {
    total: number | null;
    done: number;
    unchanged: number;
    refused: number;
  };
  detail: string | null;
  createdBy: {
    kind: string;
    id: string | null;
  };
  createdAt: Instant;
  startedAt: Instant | null;
  endedAt: Instant | null;
  bytes: number | null;
  fileUntil: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Grant".
 */
export interface Grant {
  id: string;
  group: {
    id: string | null;
    name: string;
  };
  directory: string | null;
  site: string;
  product: string;
  role: Role;
  state: "in-force" | "waiting";
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Granted".
 */
export interface Granted {
  id: string;
  group: {
    id: string | null;
    name: string;
  };
  product: string;
  role: Role;
  state: "in-force" | "waiting";
  accountsChanged: number;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Group".
 */
export interface Group {
  id: string;
  name: string;
  directory: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Member".
 */
export interface Member {
  user: {
    id: string;
    userName: string;
  };
  remote: boolean;
  local: boolean;
  counts: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "MembersRemoved".
 */
export interface MembersRemoved {
  removed: number;
  kept: {
    user: {
      id: string;
      userName: string;
    };
    directory: string;
  }[];
  remaining: {
    user: {
      id: string;
      userName: string;
    };
    site: string;
    product: string;
    role: Role;
    directory: string;
    group: string;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Guest".
 */
export interface Guest {
  id: string;
  user: {
    id: string;
    userName: string;
  };
  site: string;
  product: string;
  space: string;
  permission: "can-create-and-edit" | "read-only";
  sponsor: {
    id: string;
    userName: string;
  } | null;
  expiresAt: Instant | null;
  parked: boolean;
  overQuota: boolean;
  clientLimits: {
    client: string;
    limit: string;
    url: string | null;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SeatUse".
 */
export interface SeatUse {
  site: string;
  product: string;
  seats: {
    used: number;
    pending: number;
    limit: number | null;
    enforcement: "warn" | "block";
  };
  guests: {
    used: number;
    pending: number;
    limit: number | null;
    enforcement: "warn" | "block";
    basis: string;
    ratio: number;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Invitation".
 */
export interface Invitation {
  id: string;
  email: string;
  user: {
    id: string;
    userName: string;
  } | null;
  state: "pending" | "expired" | "accepted" | "declined" | "revoked" | "superseded" | "needs-review";
  delivery: "not-requested" | "queued" | "accepted" | "deferred" | "bounced" | "failed" | "suppressed";
  sentCount: number;
  sentAt: Instant | null;
  expiresAt: Instant | null;
  acceptedAt: Instant | null;
  grantedAt: Instant | null;
  renewalAskedAt: Instant | null;
  review: string | null;
  message: string | null;
  locale: ("en" | "de") | null;
  inviter: {
    kind: string;
    id: string | null;
  } | null;
  groups: {
    id: string;
    name: string;
  }[];
  spaces: {
    site: string;
    product: string;
    space: string;
    permission: "can-create-and-edit" | "read-only";
    expiresAt: string | null;
  }[];
  createdAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "EffectOfInvitation".
 */
export interface EffectOfInvitation {
  site: string;
  product: string;
  seats: {
    used: number;
    pending: number;
    limit: number | null;
    enforcement: "warn" | "block";
  };
  guests: {
    used: number;
    pending: number;
    limit: number | null;
    enforcement: "warn" | "block";
    basis: string;
    ratio: number;
  };
  role: Role;
  groups: {
    id: string;
    name: string;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "ImportedInvitation".
 */
export interface ImportedInvitation {
  email: string;
  product?: string;
  role?: "admin" | "user" | "guest";
  groups?: string;
  space?: string;
  permission?: "can-create-and-edit" | "read-only";
  sponsor?: string;
  until?: string;
  message?: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "PreviewedRow".
 */
export interface PreviewedRow {
  row: number;
  email: string;
  user: string | null;
  state: "done" | "unchanged" | "refused";
  code: string | null;
  message: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "JobResult".
 */
export interface JobResult {
  row: number | null;
  email: string | null;
  user: string | null;
  userName: string | null;
  state: "open" | "done" | "unchanged" | "refused";
  code: string | null;
  message: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Link".
 */
export interface Link {
  id: string;
  label: string;
  state: "usable" | "disabled" | "expired" | "exhausted";
  uses: number;
  maxUses: number | null;
  expiresAt: Instant | null;
  allowedDomains: string[];
  email: string | null;
  needsApproval: boolean;
  groups: {
    id: string;
    name: string;
  }[];
  spaces: {
    site: string;
    product: string;
    space: string;
  }[];
  roles: {
    site: string;
    product: string;
    role: Role;
    takes: "seat" | "guest-slot";
    left: number | null;
  }[];
  maker: {
    kind: string;
    id: string | null;
  };
  resetAt: Instant | null;
  createdAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "UseOfLink".
 */
export interface UseOfLink {
  email: string;
  invitation: string | null;
  usedAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "MailSuppression".
 */
export interface MailSuppression {
  email: string;
  reason: "bounced" | "asked";
  reply: string | null;
  since: Instant;
  until: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "MailText".
 */
export interface MailText {
  kind:
    | "invitation"
    | "removals"
    | "break-glass"
    | "sign-up"
    | "request"
    | "guest-ending"
    | "email-change-new"
    | "email-change-old"
    | "delivery-problem"
    | "account"
    | "password";
  locale: "en" | "de";
  own: {
    subject: string | null;
    intro: string | null;
    action: string | null;
    outro: string | null;
    message: string | null;
  };
  defaults: {
    subject: string;
    intro: string;
    action: string;
    outro: string;
  };
  variables: string[];
  required: string[];
  changedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "MailPreview".
 */
export interface MailPreview {
  subject: string;
  text: string;
  html: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Mail".
 */
export interface Mail {
  id: string;
  kind:
    | "invitation"
    | "removals"
    | "break-glass"
    | "sign-up"
    | "request"
    | "guest-ending"
    | "email-change-new"
    | "email-change-old"
    | "delivery-problem"
    | "account"
    | "password";
  account: string | null;
  invitation: string | null;
  recipient: string;
  state: "queued" | "sending" | "sent" | "deferred" | "bounced" | "failed" | "suppressed" | "cancelled";
  attempts: number;
  lastReply: string | null;
  createdAt: Instant;
  nextAttemptAt: Instant | null;
  sentAt: Instant | null;
  linkExpiresAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Me".
 */
export interface Me {
  kind: "person" | "token" | "product" | "break-glass";
  organization: {
    id: string;
    key: string;
    name: string;
    experience: "site" | "organization";
    statusVocabulary: "site" | "organization";
  };
  user: {
    id: string;
    userName: string;
    email: string | null;
    status: Status;
  } | null;
  token: {
    id: string;
    name: string | null;
    expiresAt: Instant | null;
  } | null;
  rights: {
    id: string;
    bundle: Bundle;
    scope: Scope;
    scopeName: string | null;
  }[];
  permissions: {
    permission: Permission;
    scopes: Scope[];
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Explanation".
 */
export interface Explanation {
  operation: string;
  permission: Permission | null;
  allowed: boolean;
  anywhere: boolean;
  refusal: Refusal | null;
  missing: Permission | null;
  reason: ("no-right" | "elsewhere" | "limited-token" | "product-token") | null;
  heldBy: {
    id: string;
    userName: string;
    email: string | null;
    bundle: Bundle;
    scope: Scope;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Capability".
 */
export interface Capability {
  operation: string;
  permission: Permission | null;
  allowed: boolean;
  anywhere: boolean;
  refusal: Refusal | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Product".
 */
export interface Product {
  id: string;
  key: string;
  site: string;
  name: string;
  url: string | null;
  hasGuests: boolean;
  seats: number | null;
  seatEnforcement: "warn" | "block";
  guestBasis: "unlimited" | "fixed" | "paid-seats" | "members";
  guestRatio: number;
  guestEnforcement: "warn" | "block";
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "PersonAccess".
 */
export interface PersonAccess {
  user: {
    id: string;
    userName: string;
    email: string | null;
    status: Status;
  };
  until: Instant | null;
  role: Role | null;
  allowed: boolean;
  reason: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "DefaultGroup".
 */
export interface DefaultGroup {
  role: Role;
  group: {
    id: string;
    name: string;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Space".
 */
export interface Space {
  id: string;
  key: string;
  name: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AccessRequest".
 */
export interface AccessRequest {
  id: string;
  email: string;
  name: string | null;
  message: string | null;
  source: "form" | "link" | "sign-up";
  product: {
    site: string;
    key: string;
  } | null;
  role: ("user" | "guest") | null;
  state: "open" | "approved" | "denied";
  snoozedUntil: Instant | null;
  decidedAt: Instant | null;
  answer: string | null;
  blocks: boolean;
  invitation: string | null;
  createdAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Right".
 */
export interface Right {
  id: string;
  user: {
    id: string;
    userName: string;
    email: string | null;
  };
  bundle: Bundle;
  scope: Scope;
  scopeName: string | null;
  inForce: boolean;
  parkedAt: Instant | null;
  createdAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Run".
 */
export interface Run {
  id: string;
  directory: {
    id: string;
    name: string;
  };
  mode: "run" | "dry-run" | "approve" | "undo";
  trigger: "command" | "api" | "schedule";
  askedBy: string | null;
  lane: "full" | "delta";
  fellBack: string | null;
  state: "running" | "previewed" | "held" | "done" | "partial" | "failed" | "abandoned" | "undone" | "discarded";
  progress: {
    phase: "read" | "plan" | "apply";
    read: number;
    expected: number | null;
    planned: number | null;
    applied: number;
    perSecond: number;
    heartbeatAt: Instant;
    silentFor: number;
  } | null;
  complete: boolean;
  counts: {
    read: number;
    added: number;
    updated: number;
    deactivated: number;
    removed: number;
    unchanged: number;
    conflicts: number;
  };
  details: {
    [k: string]: unknown | undefined;
  } | null;
  rowsWritten: number;
  verdict: {
    held: boolean;
    reasons: {
      rule: string;
      detail: string;
    }[];
    figures?: {
      [k: string]: unknown | undefined;
    };
  } | null;
  error: string | null;
  undoes: string | null;
  approvedBy: string | null;
  approvedReason: string | null;
  approvableUntil: Instant | null;
  discardedBy: string | null;
  discardedReason: string | null;
  timings: {
    [k: string]: number | undefined;
  };
  startedAt: Instant;
  appliedAt: Instant | null;
  finishedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "RunConflict".
 */
export interface RunConflict {
  seq: number;
  kind:
    "unusable" | "same-user-name" | "user-name-held" | "same-address" | "same-group-name" | "changed-since" | "refused";
  detail: string;
  sides: {
    directory: {
      id: string;
      name: string;
    } | null;
    id: string | null;
    location: string | null;
    name: string | null;
  }[];
  advice: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "PlanRow".
 */
export interface PlanRow {
  seq: number;
  kind: string;
  subject: string | null;
  member: string | null;
  name: string | null;
  before: {
    [k: string]: unknown | undefined;
  } | null;
  after: {
    [k: string]: unknown | undefined;
  } | null;
  appliedAt: Instant | null;
  conflict: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Session".
 */
export interface Session {
  id: string;
  method: SessionMethod;
  user: {
    id: string;
    userName: string;
    email: string | null;
  } | null;
  /**
   * Whether dangerous acts are open to it without proving anew who calls.
   */
  fresh: boolean;
  secondFactor: boolean;
  recoveryCodes: number;
  csrfToken: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SessionBegun".
 */
export interface SessionBegun {
  id: string;
  expiresAt: Instant;
  /**
   * What every change of this session brings in the header X-CSRF-Token.
   */
  csrfToken: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "RecoveryCodes".
 */
export interface RecoveryCodes {
  recoveryCodes: string[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SecondFactorSecret".
 */
export interface SecondFactorSecret {
  secret: string;
  uri: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "ListedSession".
 */
export interface ListedSession {
  id: string;
  method: SessionMethod;
  createdAt: Instant;
  lastUsedAt: Instant;
  expiresAt: Instant;
  address: string | null;
  current: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Settings".
 */
export interface Settings {
  id: string;
  key: string;
  name: string;
  membershipMode: "aggregating" | "masking";
  externalUserManagement: boolean;
  locale: "en" | "de";
  timeZone: string;
  experience: "site" | "organization";
  statusVocabulary: "site" | "organization";
  whoMayInvite: "administrators" | "trusted" | "managers";
  linkPeriod: string | null;
  respectDomainPolicy: "never" | "links-only" | "always";
  notify: boolean;
  invitesPerRequest: {
    guests: number;
    people: number;
  };
  defaultSelection: "none" | "product-default";
  notifications: {
    signUp: (("administrators" | "sponsor" | "scope-owners") | string)[];
    request: (("administrators" | "sponsor" | "scope-owners") | string)[];
    guestEnding: (("administrators" | "sponsor" | "scope-owners") | string)[];
  };
  invitationBudget: {
    inviterPerHour: number;
    inviterPerDay: number;
    organizationPerDay: number;
    addressPerDay: number;
    addressInAll: number;
    openAtLeast: number;
    openPerMember: number;
  };
  guestQuota: {
    basis: "unlimited" | "fixed" | "paid-seats" | "members";
    ratio: number;
    enforcement: "warn" | "block";
  };
  guestPolicy: GuestPolicy;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "GuestPolicy".
 */
export interface GuestPolicy {
  countPending: boolean;
  mostSpaces: number | null;
  withoutSpace: boolean;
  period: string | null;
  longestPeriod: string | null;
  longestPeriodByOthers: string | null;
  reminders: string[];
  sponsorRequired: boolean;
  formerMembers: boolean;
  allowedDomains: string[];
  deniedDomains: ("own" | string)[];
  state: "off" | "beta" | "general";
  stateReason: string | null;
  clientLimits: {
    client: string;
    limit: string;
    url: string | null;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AppliedPreset".
 */
export interface AppliedPreset {
  changes: {
    product: string | null;
    name: string;
    before: unknown;
    after: unknown;
  }[];
  keptBy: string[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Preset".
 */
export interface Preset {
  name: "confluence-cloud" | "confluence-server" | "workspace" | "strict";
  summary: string;
  signUpVerification: "always" | "restricted-only";
  settings: {
    experience: "site" | "organization";
    statusVocabulary: "site" | "organization";
    whoMayInvite: "administrators" | "trusted" | "managers";
    linkPeriod: string | null;
    respectDomainPolicy: "never" | "links-only" | "always";
    notify: boolean;
    invitesPerRequest: {
      guests: number;
      people: number;
    };
    defaultSelection: "none" | "product-default";
    notifications: {
      signUp: (("administrators" | "sponsor" | "scope-owners") | string)[];
      request: (("administrators" | "sponsor" | "scope-owners") | string)[];
      guestEnding: (("administrators" | "sponsor" | "scope-owners") | string)[];
    };
    invitationBudget: {
      inviterPerHour: number;
      inviterPerDay: number;
      organizationPerDay: number;
      addressPerDay: number;
      addressInAll: number;
      openAtLeast: number;
      openPerMember: number;
    };
    guestQuota: {
      basis: "unlimited" | "fixed" | "paid-seats" | "members";
      ratio: number;
      enforcement: "warn" | "block";
    };
    guestPolicy: GuestPolicy;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SchemaExtensions".
 */
export interface SchemaExtensions {
  extensions: {
    urn: string;
    resource: "User" | "Group";
    name: string;
    description?: string;
    required: boolean;
    attributes: {
      [k: string]: unknown | undefined;
    }[];
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SignUp".
 */
export interface SignUp {
  mode: "off" | "restricted" | "open";
  verification: "always" | "restricted-only";
  notices: boolean;
  requests: boolean;
  domains: string[];
  roles: SignUpRole[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SignUpRole".
 */
export interface SignUpRole {
  site: string;
  product: string;
  role: "user" | "guest";
  domain: string | null;
  needsApproval: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SignUpDomains".
 */
export interface SignUpDomains {
  domains: string[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SingleSignOn".
 */
export interface SingleSignOn {
  issuer: string;
  clientId: string;
  enabled: boolean;
  domains: string[];
  emailClaim: string;
  verifiedClaim: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SingleSignOnBinding".
 */
export interface SingleSignOnBinding {
  account: string;
  userName: string;
  issuer: string;
  subject: string;
  boundAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SetUp".
 */
export interface SetUp {
  organization: {
    id: string;
    key: string;
    name: string;
  };
  administrator: {
    id: string;
    userName: string;
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Site".
 */
export interface Site {
  id: string;
  key: string;
  name: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "SiteMember".
 */
export interface SiteMember {
  user: {
    id: string;
    userName: string;
    email: string | null;
    status: Status;
  };
  level: "basic" | "trusted" | "administrator";
  given: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Token".
 */
export interface Token {
  id: string;
  kind: "administration" | "product" | "directory";
  name: string | null;
  directory: string | null;
  permissions: string[] | null;
  scope: Scope;
  scopeName: string | null;
  owner: {
    id: string;
    userName: string;
  } | null;
  createdBy: {
    kind: string;
    id: string | null;
  } | null;
  createdAt: Instant;
  expiresAt: Instant | null;
  lastUsedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "NewToken".
 */
export interface NewToken {
  id: string;
  token: string;
  expiresAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "User".
 */
export interface User {
  id: string;
  userName: string;
  email: string | null;
  displayName: string | null;
  status: Status;
  kind: UserKind;
  source: ("internal" | "scim" | "ldap" | "google-workspace" | "csv") | null;
  firstAccessAt: Instant | null;
  lastAccessAt: Instant | null;
  expiresAt: Instant | null;
  invitedAt: Instant | null;
  signedUpAt: Instant | null;
  sites: {
    site: string;
    status: SiteStatus;
  }[];
  access: {
    site: string;
    product: string;
    role: Role | null;
    allowed: boolean;
  }[];
  records: {
    directory: string;
    id: string;
    externalId: string | null;
    canonical: boolean;
    active: boolean;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Duplicate".
 */
export interface Duplicate {
  reasons: ("same-address" | "alias-address" | "same-name" | "near-address")[];
  users: {
    id: string;
    userName: string;
    email: string | null;
    displayName: string | null;
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Merge".
 */
export interface Merge {
  from: string;
  to: string;
  fields: {
    field: string;
    from: string | null;
    to: string | null;
    result: string | null;
  }[];
  facts: MergedFact[];
  access: {
    site: string;
    product: string;
    before: {
      role: Role | null;
      allowed: boolean;
    };
    after: {
      role: Role | null;
      allowed: boolean;
    };
  }[];
  seats: {
    before: SeatUse;
    after: SeatUse;
  }[];
  undoUntil: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "MergedFact".
 */
export interface MergedFact {
  kind:
    "group" | "space" | "right" | "sponsored-guest" | "invitation" | "sent-invitation" | "link" | "token" | "sign-in";
  name: string;
  outcome: "moved" | "moved-waits" | "kept" | "lost";
  why: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Access".
 */
export interface Access {
  account: {
    id: string;
    userName: string;
    email: string | null;
    status: Status;
  };
  access: {
    site: string;
    product: string;
    role: Role | null;
    allowed: boolean;
    reason: string | null;
    spaces: {
      space: string;
      permission: string;
      expiresAt: string | null;
    }[];
    trace: {
      directory: string;
      group: string;
      grant: string;
      role: Role;
      counts: boolean;
    }[];
  }[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AddressChange".
 */
export interface AddressChange {
  id: string;
  user: string;
  before: string | null;
  email: string;
  state: "pending" | "expired" | "confirmed" | "cancelled" | "superseded" | "refused" | "reverted";
  refusal: ("address-taken" | "outside-sign-up" | "asker-may-not") | null;
  askedBy: {
    kind: string;
    id: string | null;
  };
  sentCount: number;
  createdAt: Instant;
  expiresAt: Instant;
  confirmedAt: Instant | null;
  revertUntil: Instant | null;
  revertedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AccessPath".
 */
export interface AccessPath {
  site: string;
  product: string;
  role: Role;
  through: string | null;
  memberOf: string;
  group: Group;
  grant: string;
  failing: string | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "GroupOfUser".
 */
export interface GroupOfUser {
  id: string;
  name: string;
  directory: string | null;
  remote: boolean;
  local: boolean;
  counts: boolean;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "OffBoarded".
 */
export interface OffBoarded {
  user: User;
  handedOver: {
    guests: string[];
    rights: string[];
    invitations: string[];
    links: string[];
  };
  ended: {
    guests: string[];
    rights: string[];
    invitations: string[];
    links: string[];
    tokens: string[];
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "LeftBehind".
 */
export interface LeftBehind {
  guests: {
    total: number;
    named: {
      id: string;
      userName: string;
      product: string;
      space: string;
      expiresAt: string | null;
    }[];
  };
  rights: {
    total: number;
    named: {
      id: string;
      bundle:
        | "organization-administrator"
        | "auditor"
        | "site-administrator"
        | "trusted"
        | "basic"
        | "user-access-administrator"
        | "group-manager";
      scope: string | null;
    }[];
  };
  invitations: {
    total: number;
    named: {
      id: string;
      email: string;
      expiresAt: string | null;
    }[];
  };
  links: {
    total: number;
    named: {
      id: string;
      label: string;
    }[];
  };
  tokens: {
    total: number;
    named: {
      id: string;
      name: string | null;
    }[];
  };
  webhooks: {
    total: number;
    named: {
      id: string;
      name: string;
    }[];
  };
  jobs: {
    total: number;
    named: {
      id: string;
      action: string;
    }[];
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "WhyAccess".
 */
export interface WhyAccess {
  account: {
    id: string;
    userName: string;
    email: string | null;
    status: Status;
  };
  site: string;
  product: string;
  role: Role | null;
  allowed: boolean;
  reason: string | null;
  person: Condition[];
  ways: AccessWay[];
  place: Condition[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Condition".
 */
export interface Condition {
  condition:
    | "active"
    | "not-suspended"
    | "record-active"
    | "record-counts"
    | "person-confirmed"
    | "grant-confirmed"
    | "domain"
    | "group"
    | "space"
    | "not-expired"
    | "seat"
    | "guest-slot";
  met: boolean;
  because: string;
  directory: string | null;
  setBy: {
    kind: string;
    id: string | null;
    userName: string | null;
    at: Instant;
  } | null;
  remedy: {
    permission: Permission;
    operation: string;
    command: string;
    heldBy: {
      id: string;
      userName: string;
      email: string | null;
      bundle: Bundle;
      scope: Scope;
    }[];
  } | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AccessWay".
 */
export interface AccessWay {
  role: Role;
  through: string | null;
  memberOf: string;
  group: Group;
  grant: string;
  counts: boolean;
  conditions: Condition[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "AddressRepair".
 */
export interface AddressRepair {
  repair: "correct-invitation" | "change-address" | "merge" | "reinvite";
  why: string;
  wrong: string;
  right: string | null;
  invitation: string | null;
  change: string | null;
  mail: string | null;
  facts: MergedFact[];
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Webhook".
 */
export interface Webhook {
  id: string;
  name: string;
  url: string;
  kinds: EventKind[];
  product: string | null;
  state: "active" | "disabled";
  disabledReason: string | null;
  disabledAt: Instant | null;
  pausedUntil: Instant | null;
  previousSecretUntil: Instant | null;
  open: number;
  createdBy: {
    kind: string;
    id: string | null;
  };
  createdAt: Instant;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "WebhookDelivery".
 */
export interface WebhookDelivery {
  id: string;
  messageId: string;
  event: string | null;
  kind: string;
  subject: string;
  state: "waiting" | "pending" | "delivered" | "failed";
  attempts: number;
  nextAttemptAt: Instant | null;
  attemptedAt: Instant | null;
  replyStatus: number | null;
  reply: string | null;
  createdAt: Instant;
  endedAt: Instant | null;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Impact".
 */
export interface Impact {
  access: {
    total: number;
    lostLast: number;
    becoming: {
      site: string;
      product: string;
      from: {
        role: Role | null;
        allowed: boolean;
      };
      to: {
        role: Role | null;
        allowed: boolean;
      };
      people: number;
    }[];
    named: {
      user: {
        id: string;
        userName: string;
      };
      site: string;
      product: string;
      from: {
        role: Role | null;
        allowed: boolean;
      };
      to: {
        role: Role | null;
        allowed: boolean;
      };
    }[];
  };
  seats: {
    site: string;
    product: string;
    before: {
      seats: {
        used: number;
        pending: number;
        limit: number | null;
        enforcement: "warn" | "block";
      };
      guests: {
        used: number;
        pending: number;
        limit: number | null;
        enforcement: "warn" | "block";
        basis: string;
        ratio: number;
      };
    } | null;
    after: {
      seats: {
        used: number;
        pending: number;
        limit: number | null;
        enforcement: "warn" | "block";
      };
      guests: {
        used: number;
        pending: number;
        limit: number | null;
        enforcement: "warn" | "block";
        basis: string;
        ratio: number;
      };
    } | null;
  }[];
  mails: {
    total: number;
    named: {
      id: string;
      kind: string;
      to: string;
      subject: string;
    }[];
  };
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "Problem".
 */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  code:
    | "configuration"
    | "conflict"
    | "cool-down"
    | "expired-cursor"
    | "externally-managed"
    | "held"
    | "internal"
    | "invalid"
    | "invalid-count"
    | "invalid-cursor"
    | "invalid-filter"
    | "invalid-path"
    | "invalid-value"
    | "merged"
    | "method-not-allowed"
    | "mutability"
    | "no-target"
    | "not-acceptable"
    | "not-allowed"
    | "not-found"
    | "not-implemented"
    | "precondition-failed"
    | "precondition-required"
    | "read-only"
    | "reauthentication-required"
    | "second-factor-required"
    | "too-large"
    | "too-many"
    | "unauthenticated"
    | "unavailable"
    | "uniqueness"
    | "unsupported-media-type"
    | "usage";
  /**
   * Items: One thing that is wrong: where, as a JSON pointer or the name of a parameter.
   */
  errors: {
    pointer: string;
    code: string;
    message: string;
  }[];
  candidates?: string[];
  /**
   * The setting that stands in the way, where it is changed, and what that brings.
   */
  setting?: {
    name: string;
    value: string;
    path: string;
    command: string;
    consequence: string;
  };
  /**
   * Which account the one that was asked for went into.
   */
  mergedInto?: string;
  requestId: string;
}
/**
 * This interface was referenced by `Operations`'s JSON-Schema
 * via the `definition` "WouldChange".
 */
export interface WouldChange {
  action: string;
  subject: {
    kind: string;
    id: string | null;
  };
  detail: {
    [k: string]: unknown | undefined;
  };
}

/** Words of the API to choose from. */
export const STATUSES = ["invited-not-sent","invited","active","suspended","deactivated"] as const;
export const ROLES = ["admin","user","guest"] as const;
export const USER_KINDS = ["member","guest"] as const;
export const USER_SOURCES = ["internal","scim","ldap","google-workspace","csv"] as const;
export const LEAVINGS = ["suspend","deactivate","remove"] as const;
export const REPAIRS = ["correct-invitation","change-address","merge","reinvite"] as const;
export const INVITATION_STATES = ["pending","expired","accepted","declined","revoked","superseded","needs-review"] as const;
export const DELIVERIES = ["not-requested","queued","accepted","deferred","bounced","failed","suppressed"] as const;
export const REQUEST_STATES = ["open","approved","denied"] as const;
export const MAIL_STATES = ["queued","sending","sent","deferred","bounced","failed","suppressed","cancelled"] as const;
export const RUN_STATES = ["running","previewed","held","done","partial","failed","abandoned","undone","discarded"] as const;
export const PLAN_KINDS = ["user-add","user-restore","user-update","user-deactivate","user-remove","group-add","group-restore","group-update","group-remove","member-add","member-remove","nesting-add","nesting-remove","conflict","shared-address","shared-group-name"] as const;
export const DIRECTORY_PERMISSIONS = ["read-only","read-only-local-groups","read-write"] as const;
export const DIRECTORY_PROFILES = ["generic","strict","entra","okta","onelogin","jumpcloud","google","ping"] as const;
export const SEAT_ENFORCEMENTS = ["warn","block"] as const;
export const GUEST_BASES = ["unlimited","fixed","paid-seats","members"] as const;
export const GUEST_POLICY_STATES = ["off","beta","general"] as const;
export const SIGN_UP_MODES = ["off","restricted","open"] as const;
export const SIGN_UP_ROLES = ["user","guest"] as const;
/** Who can have done what the audit trail says. */
export const ACTOR_KINDS = ["scim-token","api-token","oauth-client","session","break-glass","command","sync","job","system"] as const;
/** For what kind of scope each bundle is given. */
export const SCOPE_OF_BUNDLE = {"organization-administrator":"organization","auditor":"organization","site-administrator":"site","trusted":"site","basic":"site","user-access-administrator":"product","group-manager":"group"} as const;

/** Method and path below /api/v1 of each. */
export const OPERATIONS = {
  "access.check": ["POST", "/access/check"],
  "administrators.list": ["GET", "/administrators"],
  "audit.list": ["GET", "/audit"],
  "audit.verify": ["GET", "/audit/verification"],
  "audit.get": ["GET", "/audit/{id}"],
  "diagnostics.get": ["GET", "/diagnostics"],
  "directories.list": ["GET", "/directories"],
  "directories.create": ["POST", "/directories"],
  "directories.order": ["PUT", "/directories/order"],
  "directories.testSettings": ["POST", "/directories/test"],
  "directories.writeTarget": ["GET", "/directories/write-target"],
  "directories.remove": ["DELETE", "/directories/{directory}"],
  "directories.get": ["GET", "/directories/{directory}"],
  "directories.update": ["PATCH", "/directories/{directory}"],
  "directories.release": ["POST", "/directories/{directory}/release"],
  "directories.removals": ["GET", "/directories/{directory}/removals"],
  "directories.scimRequests": ["GET", "/directories/{directory}/scim-requests"],
  "directories.switch": ["POST", "/directories/{directory}/switch"],
  "directories.sync": ["POST", "/directories/{directory}/sync"],
  "directories.test": ["POST", "/directories/{directory}/test"],
  "directories.tokens": ["GET", "/directories/{directory}/tokens"],
  "directories.createToken": ["POST", "/directories/{directory}/tokens"],
  "events.list": ["GET", "/events"],
  "events.kinds": ["GET", "/events/kinds"],
  "exports.list": ["GET", "/exports"],
  "exports.create": ["POST", "/exports"],
  "exports.remove": ["DELETE", "/exports/{id}"],
  "exports.get": ["GET", "/exports/{id}"],
  "exports.file": ["GET", "/exports/{id}/file"],
  "grants.list": ["GET", "/grants"],
  "grants.create": ["POST", "/grants"],
  "grants.delete": ["DELETE", "/grants/{id}"],
  "grants.get": ["GET", "/grants/{id}"],
  "grants.confirm": ["POST", "/grants/{id}/confirm"],
  "groups.list": ["GET", "/groups"],
  "groups.create": ["POST", "/groups"],
  "groups.delete": ["DELETE", "/groups/{id}"],
  "groups.get": ["GET", "/groups/{id}"],
  "groups.update": ["PATCH", "/groups/{id}"],
  "groups.nested": ["GET", "/groups/{id}/groups"],
  "groups.nest": ["POST", "/groups/{id}/groups"],
  "groups.unnest": ["DELETE", "/groups/{id}/groups/{child}"],
  "groups.members": ["GET", "/groups/{id}/members"],
  "groups.addMembers": ["POST", "/groups/{id}/members"],
  "groups.removeMember": ["DELETE", "/groups/{id}/members/{user}"],
  "guests.list": ["GET", "/guests"],
  "guests.assign": ["POST", "/guests"],
  "guests.convert": ["POST", "/guests/convert"],
  "guests.remove": ["DELETE", "/guests/{id}"],
  "guests.get": ["GET", "/guests/{id}"],
  "guests.update": ["PATCH", "/guests/{id}"],
  "guests.extend": ["POST", "/guests/{id}/extend"],
  "invitations.list": ["GET", "/invitations"],
  "invitations.create": ["POST", "/invitations"],
  "invitations.import": ["POST", "/invitations/import"],
  "invitations.previewImport": ["POST", "/invitations/import/preview"],
  "invitations.get": ["GET", "/invitations/{id}"],
  "invitations.approve": ["POST", "/invitations/{id}/approve"],
  "invitations.copyLink": ["POST", "/invitations/{id}/copy-link"],
  "invitations.correct": ["POST", "/invitations/{id}/correct"],
  "invitations.extend": ["POST", "/invitations/{id}/extend"],
  "invitations.resend": ["POST", "/invitations/{id}/resend"],
  "invitations.revoke": ["POST", "/invitations/{id}/revoke"],
  "jobs.list": ["GET", "/jobs"],
  "jobs.get": ["GET", "/jobs/{id}"],
  "jobs.cancel": ["POST", "/jobs/{id}/cancel"],
  "jobs.results": ["GET", "/jobs/{id}/results"],
  "links.list": ["GET", "/links"],
  "links.create": ["POST", "/links"],
  "links.get": ["GET", "/links/{id}"],
  "links.disable": ["POST", "/links/{id}/disable"],
  "links.reset": ["POST", "/links/{id}/reset"],
  "links.uses": ["GET", "/links/{id}/uses"],
  "mailSuppressions.list": ["GET", "/mail-suppressions"],
  "mailSuppressions.remove": ["POST", "/mail-suppressions/remove"],
  "mailTexts.list": ["GET", "/mail-texts"],
  "mailTexts.get": ["GET", "/mail-texts/{kind}/{locale}"],
  "mailTexts.set": ["PATCH", "/mail-texts/{kind}/{locale}"],
  "mailTexts.preview": ["POST", "/mail-texts/{kind}/{locale}/preview"],
  "mailTexts.reset": ["POST", "/mail-texts/{kind}/{locale}/reset"],
  "mails.list": ["GET", "/mails"],
  "mails.get": ["GET", "/mails/{id}"],
  "mails.cancel": ["POST", "/mails/{id}/cancel"],
  "mails.retry": ["POST", "/mails/{id}/retry"],
  "me.get": ["GET", "/me"],
  "me.capabilities": ["GET", "/me/capabilities"],
  "openapi.get": ["GET", "/openapi.json"],
  "products.list": ["GET", "/products"],
  "products.create": ["POST", "/products"],
  "products.get": ["GET", "/products/{key}"],
  "products.update": ["PATCH", "/products/{key}"],
  "products.access": ["GET", "/products/{key}/access"],
  "products.defaultGroups": ["GET", "/products/{key}/default-groups"],
  "products.setDefaultGroup": ["PUT", "/products/{key}/default-groups/{role}"],
  "guestPolicy.get": ["GET", "/products/{key}/guest-policy"],
  "guestPolicy.update": ["PATCH", "/products/{key}/guest-policy"],
  "spaces.list": ["GET", "/products/{key}/spaces"],
  "spaces.create": ["POST", "/products/{key}/spaces"],
  "spaces.get": ["GET", "/products/{key}/spaces/{space}"],
  "spaces.update": ["PATCH", "/products/{key}/spaces/{space}"],
  "requests.list": ["GET", "/requests"],
  "requests.get": ["GET", "/requests/{id}"],
  "requests.approve": ["POST", "/requests/{id}/approve"],
  "requests.deny": ["POST", "/requests/{id}/deny"],
  "requests.snooze": ["POST", "/requests/{id}/snooze"],
  "requests.unblock": ["POST", "/requests/{id}/unblock"],
  "rights.list": ["GET", "/rights"],
  "rights.give": ["POST", "/rights"],
  "rights.take": ["DELETE", "/rights/{id}"],
  "rights.get": ["GET", "/rights/{id}"],
  "runs.list": ["GET", "/runs"],
  "runs.get": ["GET", "/runs/{id}"],
  "runs.approve": ["POST", "/runs/{id}/approve"],
  "runs.conflicts": ["GET", "/runs/{id}/conflicts"],
  "runs.discard": ["POST", "/runs/{id}/discard"],
  "runs.plan": ["GET", "/runs/{id}/plan"],
  "runs.undo": ["POST", "/runs/{id}/undo"],
  "seats.list": ["GET", "/seats"],
  "session.end": ["DELETE", "/session"],
  "session.get": ["GET", "/session"],
  "session.begin": ["POST", "/session"],
  "session.breakGlass": ["POST", "/session/break-glass"],
  "session.changePassword": ["POST", "/session/password"],
  "session.reauthenticate": ["POST", "/session/reauthenticate"],
  "session.renewRecoveryCodes": ["POST", "/session/recovery-codes"],
  "session.removeSecondFactor": ["DELETE", "/session/second-factor"],
  "session.beginSecondFactor": ["POST", "/session/second-factor"],
  "session.confirmSecondFactor": ["POST", "/session/second-factor/confirm"],
  "sessions.endAll": ["DELETE", "/sessions"],
  "sessions.list": ["GET", "/sessions"],
  "sessions.end": ["DELETE", "/sessions/{id}"],
  "settings.get": ["GET", "/settings"],
  "settings.update": ["PATCH", "/settings"],
  "presets.apply": ["POST", "/settings/apply-preset"],
  "presets.list": ["GET", "/settings/presets"],
  "schemaExtensions.get": ["GET", "/settings/schema-extensions"],
  "schemaExtensions.set": ["PUT", "/settings/schema-extensions"],
  "signUp.get": ["GET", "/settings/sign-up"],
  "signUp.set": ["PUT", "/settings/sign-up"],
  "signUpDomains.get": ["GET", "/settings/sign-up-domains"],
  "signUpDomains.set": ["PUT", "/settings/sign-up-domains"],
  "signUp.allowDomain": ["POST", "/settings/sign-up/domains"],
  "signUp.test": ["GET", "/settings/sign-up/test"],
  "singleSignOn.remove": ["DELETE", "/settings/single-sign-on"],
  "singleSignOn.get": ["GET", "/settings/single-sign-on"],
  "singleSignOn.set": ["PUT", "/settings/single-sign-on"],
  "singleSignOnBindings.list": ["GET", "/settings/single-sign-on/bindings"],
  "singleSignOnBindings.make": ["POST", "/settings/single-sign-on/bindings"],
  "singleSignOnBindings.remove": ["DELETE", "/settings/single-sign-on/bindings/{id}"],
  "setup.run": ["POST", "/setup"],
  "singleSignOn.callback": ["GET", "/single-sign-on/callback"],
  "singleSignOn.start": ["GET", "/single-sign-on/start"],
  "sites.list": ["GET", "/sites"],
  "sites.create": ["POST", "/sites"],
  "sites.get": ["GET", "/sites/{key}"],
  "sites.update": ["PATCH", "/sites/{key}"],
  "sites.members": ["GET", "/sites/{key}/members"],
  "tokens.list": ["GET", "/tokens"],
  "tokens.create": ["POST", "/tokens"],
  "tokens.get": ["GET", "/tokens/{id}"],
  "tokens.revoke": ["POST", "/tokens/{id}/revoke"],
  "tokens.rotate": ["POST", "/tokens/{id}/rotate"],
  "users.list": ["GET", "/users"],
  "users.create": ["POST", "/users"],
  "users.bulk": ["POST", "/users/bulk"],
  "users.duplicates": ["GET", "/users/duplicates"],
  "users.merge": ["POST", "/users/merge"],
  "users.get": ["GET", "/users/{id}"],
  "users.update": ["PATCH", "/users/{id}"],
  "users.access": ["GET", "/users/{id}/access"],
  "users.addressChanges": ["GET", "/users/{id}/address-changes"],
  "users.changeAddress": ["POST", "/users/{id}/address-changes"],
  "users.cancelAddressChange": ["POST", "/users/{id}/address-changes/cancel"],
  "users.resendAddressChange": ["POST", "/users/{id}/address-changes/resend"],
  "users.confirm": ["POST", "/users/{id}/confirm"],
  "users.deactivate": ["POST", "/users/{id}/deactivate"],
  "users.erase": ["POST", "/users/{id}/erase"],
  "users.explain": ["GET", "/users/{id}/explain"],
  "users.groups": ["GET", "/users/{id}/groups"],
  "users.offBoard": ["POST", "/users/{id}/off-board"],
  "users.offBoarding": ["GET", "/users/{id}/off-boarding"],
  "users.reactivate": ["POST", "/users/{id}/reactivate"],
  "users.remove": ["POST", "/users/{id}/remove"],
  "users.resendInvite": ["POST", "/users/{id}/resend-invite"],
  "users.restore": ["POST", "/users/{id}/restore"],
  "users.revokeAccess": ["POST", "/users/{id}/revoke-access"],
  "users.suspend": ["POST", "/users/{id}/suspend"],
  "users.tellUserName": ["POST", "/users/{id}/tell-user-name"],
  "users.undoRemove": ["POST", "/users/{id}/undo-remove"],
  "users.unmerge": ["POST", "/users/{id}/unmerge"],
  "users.why": ["GET", "/users/{id}/why"],
  "users.wrongAddress": ["POST", "/users/{id}/wrong-address"],
  "webhooks.list": ["GET", "/webhooks"],
  "webhooks.create": ["POST", "/webhooks"],
  "webhooks.remove": ["DELETE", "/webhooks/{id}"],
  "webhooks.get": ["GET", "/webhooks/{id}"],
  "webhooks.update": ["PATCH", "/webhooks/{id}"],
  "webhooks.deliveries": ["GET", "/webhooks/{id}/deliveries"],
  "webhooks.replayDelivery": ["POST", "/webhooks/{id}/deliveries/{delivery}/replay"],
  "webhooks.disable": ["POST", "/webhooks/{id}/disable"],
  "webhooks.enable": ["POST", "/webhooks/{id}/enable"],
  "webhooks.replay": ["POST", "/webhooks/{id}/replay"],
  "webhooks.rotateSecret": ["POST", "/webhooks/{id}/rotate-secret"],
  "webhooks.test": ["POST", "/webhooks/{id}/test"],
} as const satisfies Record<keyof Operations, readonly [string, string]>;
