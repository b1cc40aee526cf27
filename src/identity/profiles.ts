/** Whose way of speaking SCIM a directory understands; `generic` understands them all. */
export const PROFILES = ["generic", "strict", "entra", "okta", "onelogin", "jumpcloud", "google", "ping"] as const;
export type Profile = (typeof PROFILES)[number];
