/** The words that a setting may have; the others are free. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  membershipMode: ["aggregating", "masking"],
  locale: ["en", "de"],
  experience: ["site", "organization"],
  statusVocabulary: ["site", "organization"],
  whoMayInvite: ["administrators", "trusted", "managers"],
  respectDomainPolicy: ["never", "links-only", "always"],
  defaultSelection: ["none", "product-default"],
  "guestQuota.basis": ["unlimited", "fixed", "paid-seats", "members"],
  "guestQuota.enforcement": ["warn", "block"],
  "guestPolicy.state": ["off", "beta", "general"],
};

/** What is no setting of its own, or has a form of its own. */
const NOT_HERE = ["id", "key", "guestPolicy.clientLimits"];

export type Setting = { path: string; value: unknown };

/** Every setting by its path, `guestPolicy.period`, in the order of the API. */
export function settingsOf(settings: object, above = ""): Setting[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const path = above === "" ? name : `${above}.${name}`;
    if (NOT_HERE.includes(path)) return [];
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? settingsOf(value, path)
      : [{ path, value }];
  });
}

/** The body that changes one setting. */
export function bodyFor(path: string, value: unknown): Record<string, unknown> {
  const [first = "", ...rest] = path.split(".");
  return { [first]: rest.length === 0 ? value : bodyFor(rest.join("."), value) };
}

/** A value as it is read: `null` and lists as the command line writes them. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
