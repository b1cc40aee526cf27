import { z } from "zod";
import { canonicalDomain } from "../keys.ts";
import { storedText } from "../stored-text.ts";
import { parsePeriod } from "../time-zone.ts";

/** A length of time as ISO 8601 has it, by the organization's calendar: `P30D`, `P1M`, `PT12H`. */
export const period = z
  .string()
  .max(64)
  .refine((text) => parsePeriod(text) !== undefined, "a period is written as P30D, P1M or PT12H");

const words = (longest: number) => storedText(longest).min(1);

const domain = z
  .string()
  .max(300)
  .refine((name) => canonicalDomain(name.replace(/^\*\./, "")) !== null, "it must be a domain");

/** How guests of a product are let in, for how long, and what they are told of. */
export const guestPolicyForm = z
  .strictObject({
    /** Whether open invitations hold a guest slot. C1. */
    countPending: z.boolean(),
    /** Spaces of the product that one guest has at most; null: any number. C4, R130, R131. */
    mostSpaces: z.int().min(1).max(1_000).nullable(),
    /** Whether a guest can be invited before a space is chosen; the guest has no access until then. C5, R128, R129. */
    withoutSpace: z.boolean(),
    /** How long a guest stays where nobody says; null: for good (R147). */
    period: period.nullable(),
    /** How long a guest stays at most; null: no limit. */
    longestPeriod: period.nullable(),
    /** The same where somebody gives the space who is no administrator of the site. */
    longestPeriodByOthers: period.nullable(),
    /** How long before a guest's end the managers are told. R126, R152. */
    reminders: z.array(period).max(10),
    /** Whether somebody must answer for each guest. */
    sponsorRequired: z.boolean(),
    /** Whether somebody who is or was a user of the product can become its guest. */
    formerMembers: z.boolean(),
    /** Guests come from these domains alone; empty: from any (R119). `*.example.com` is what is below it. F9. */
    allowedDomains: z.array(domain).max(1_000),
    /** And never from these; `own`: the sign-up domains and those that directories are believed about. F9. */
    deniedDomains: z.array(z.union([z.literal("own"), domain])).max(1_000),
    /** Whether guests can be let in at present. R10, C19. */
    state: z.enum(["off", "beta", "general"]),
    /** Why, as everybody is told. */
    stateReason: words(500).nullable(),
    /** What guests cannot do with which client, and where that is followed. R9. */
    clientLimits: z
      .array(
        z.strictObject({
          client: words(100),
          limit: words(500),
          url: words(2_048)
            .refine(
              (text) => /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text),
              "it must be an http or https address",
            )
            .nullable(),
        }),
      )
      .max(20),
  })
  .meta({ id: "GuestPolicy" });

export type GuestPolicy = z.output<typeof guestPolicyForm>;

export const DEFAULT_GUEST_POLICY: GuestPolicy = {
  countPending: true,
  mostSpaces: 1,
  withoutSpace: true,
  period: null,
  longestPeriod: null,
  longestPeriodByOthers: null,
  reminders: ["P1D"],
  sponsorRequired: false,
  formerMembers: true,
  allowedDomains: [],
  deniedDomains: [],
  state: "general",
  stateReason: null,
  clientLimits: [],
};
