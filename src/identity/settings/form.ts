import { z } from "zod";
import { DEFAULT_GUEST_POLICY, guestPolicyForm, period } from "./guest-policy-form.ts";

const recipients = z
  .array(z.union([z.enum(["administrators", "sponsor", "scope-owners"]), z.email().max(254)]))
  .max(50);

const count = (most: number) => z.int().min(1).max(most);

/** What an organization's administrators set, beside what stands with a noun of its own (docs/settings.md). */
export const settingsForm = z
  .strictObject({
    /** Whether one invitation stays within one site, or reaches any. C2, R3, R4. */
    experience: z.enum(["site", "organization"]),
    /** In whose words people's status is told. C3. */
    statusVocabulary: z.enum(["site", "organization"]),
    /** Who beside administrators invites: nobody, the trusted and those who look after a product, these and guests too. C6. */
    whoMayInvite: z.enum(["administrators", "trusted", "managers"]),
    /** How long a link works where nobody says; null: until it is reset. C7. */
    linkPeriod: period.nullable(),
    /** Whether invitations to roles of user and admin keep to the sign-up domains while signing up is restricted. C8. */
    respectDomainPolicy: z.enum(["never", "links-only", "always"]),
    /** Whether a mail goes out where nobody says. C11. */
    notify: z.boolean(),
    /** How many one request invites; a CSV import takes more. C12. */
    invitesPerRequest: z.strictObject({ guests: count(100), people: count(1_000) }),
    /** The role of a product that is named without one. C13. */
    defaultSelection: z.enum(["none", "product-default"]),
    /** Who is told of what, by mail. C18. */
    notifications: z.strictObject({ signUp: recipients, request: recipients, guestEnding: recipients }),
    /** How many invitations may go out and be open. */
    invitationBudget: z.strictObject({
      inviterPerHour: count(100_000),
      inviterPerDay: count(1_000_000),
      organizationPerDay: count(1_000_000),
      addressPerDay: count(1_000),
      addressInAll: count(1_000),
      openAtLeast: count(1_000_000),
      openPerMember: count(1_000),
    }),
    /** What a new product's guest quota is; afterwards it is the product's. C1. */
    guestQuota: z.strictObject({
      basis: z.enum(["unlimited", "fixed", "paid-seats", "members"]),
      ratio: z.int().min(0).max(1_000_000),
      enforcement: z.enum(["warn", "block"]),
    }),
    /** What holds for guests of every product that says nothing else. */
    guestPolicy: guestPolicyForm,
  })
  .meta({ id: "OrganizationSettings" });

export type OrganizationSettings = z.output<typeof settingsForm>;

export const DEFAULT_SETTINGS: OrganizationSettings = {
  experience: "organization",
  statusVocabulary: "organization",
  whoMayInvite: "trusted",
  linkPeriod: null,
  respectDomainPolicy: "links-only",
  notify: true,
  invitesPerRequest: { guests: 10, people: 100 },
  defaultSelection: "none",
  notifications: { signUp: ["administrators"], request: ["administrators"], guestEnding: ["sponsor"] },
  invitationBudget: {
    inviterPerHour: 50,
    inviterPerDay: 200,
    organizationPerDay: 500,
    addressPerDay: 1,
    addressInAll: 5,
    openAtLeast: 50,
    openPerMember: 5,
  },
  guestQuota: { basis: "unlimited", ratio: 0, enforcement: "block" },
  guestPolicy: DEFAULT_GUEST_POLICY,
};

/** A change: what is left out stays. What has parts of its own is changed part by part. */
export const settingsChange = settingsForm
  .partial()
  .extend({
    invitesPerRequest: settingsForm.shape.invitesPerRequest.partial().optional(),
    notifications: settingsForm.shape.notifications.partial().optional(),
    invitationBudget: settingsForm.shape.invitationBudget.partial().optional(),
    guestQuota: settingsForm.shape.guestQuota.partial().optional(),
    guestPolicy: guestPolicyForm.partial().optional(),
  })
  .meta({ id: "SettingsChange" });

export type SettingsChange = z.output<typeof settingsChange>;
