/**
 * The first part of the path of every screen of the console, in the order of its navigation. Whatever begins with one of them is
 * answered with the console; all other paths belong to other doors.
 */
export const SCREENS = [
  "overview",
  "users",
  "invitations",
  "links",
  "requests",
  "guests",
  "groups",
  "products",
  "sign-up",
  "directories",
  "runs",
  "scim-requests",
  "mail",
  "templates",
  "webhooks",
  "audit",
  "administrators",
  "settings",
  "diagnostics",
] as const;

export type ScreenPath = (typeof SCREENS)[number];

/** Beside the screens: signing in, the first organization, and one's own password, second factor and sessions. */
export const OTHER_PATHS = ["sign-in", "setup", "me"] as const;
