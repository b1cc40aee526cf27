import type { SignUp } from "../sign-up.ts";
import { DEFAULT_SETTINGS, type OrganizationSettings } from "./form.ts";

/** The ways in which the products work that Muster answers to (product.md), and one for those who want it narrow. */
export const PRESET_NAMES = ["confluence-cloud", "confluence-server", "workspace", "strict"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Every setting, and of signing up what differs between the sources (C9). */
export type Preset = { summary: string; signUpVerification: SignUp["verification"] } & OrganizationSettings;

const { guestPolicy, notifications, invitationBudget } = DEFAULT_SETTINGS;

/**
 * The same settings, filled as each source has them. Data alone: docs/settings.md shows it as a table, and a test compares the two.
 */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  "confluence-cloud": {
    ...DEFAULT_SETTINGS,
    summary: "single-space guests, five for each paid seat, in three steps",
    signUpVerification: "always",
    linkPeriod: "P30D",
    defaultSelection: "product-default",
    notifications: { ...notifications, guestEnding: ["administrators"] },
    guestQuota: { basis: "paid-seats", ratio: 5, enforcement: "block" },
    guestPolicy: { ...guestPolicy, formerMembers: false },
  },
  "confluence-server": {
    ...DEFAULT_SETTINGS,
    summary: "site by site, shared links that last, no guests",
    signUpVerification: "restricted-only",
    experience: "site",
    statusVocabulary: "site",
    whoMayInvite: "administrators",
    respectDomainPolicy: "never",
    notify: false,
    invitesPerRequest: { guests: 100, people: 1_000 },
    guestQuota: { basis: "unlimited", ratio: 0, enforcement: "warn" },
    guestPolicy: {
      ...guestPolicy,
      countPending: false,
      mostSpaces: null,
      state: "off",
      stateReason: "this way of working knows no guests",
    },
  },
  workspace: {
    ...DEFAULT_SETTINGS,
    summary: "guests of one workspace, three for each member, invited by whoever manages it",
    signUpVerification: "always",
    whoMayInvite: "managers",
    linkPeriod: "P7D",
    notifications: { ...notifications, guestEnding: ["sponsor", "scope-owners"] },
    guestQuota: { basis: "members", ratio: 3, enforcement: "block" },
    guestPolicy: { ...guestPolicy, withoutSpace: false },
  },
  strict: {
    ...DEFAULT_SETTINGS,
    summary: "administrators alone invite, guests have a sponsor and an end, the domains hold for everybody",
    signUpVerification: "always",
    whoMayInvite: "administrators",
    linkPeriod: "P7D",
    respectDomainPolicy: "always",
    invitesPerRequest: { guests: 5, people: 50 },
    notifications: { ...notifications, guestEnding: ["sponsor", "administrators"] },
    invitationBudget: { ...invitationBudget, inviterPerHour: 20, inviterPerDay: 50, organizationPerDay: 200 },
    guestQuota: { basis: "members", ratio: 1, enforcement: "block" },
    guestPolicy: {
      ...guestPolicy,
      withoutSpace: false,
      period: "P30D",
      longestPeriod: "P90D",
      longestPeriodByOthers: "P30D",
      reminders: ["P7D", "P1D"],
      sponsorRequired: true,
      formerMembers: false,
      deniedDomains: ["own"],
    },
  },
};
