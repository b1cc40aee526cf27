import { inFilter } from "../../parts/address-state.ts";

/** Days since the last access; `never`: none at all. */
export const SILENCES = ["30", "90", "180", "never"] as const;

/** What narrows the list, by its name in the address. */
export const NARROWED = [
  "q",
  "status",
  "kind",
  "product",
  "role",
  "source",
  "directory",
  "group",
  "domain",
  "silent",
] as const;
export const RARE: readonly string[] = ["source", "directory", "group", "domain", "silent"];

const EQUALS = ["status", "kind", "source", "directory", "group", "domain"] as const;

/** The filter of the API that says what the address says. An empty text: everybody. */
export function usersFilter(get: (name: string) => string): string {
  const q = inFilter(get("q"));
  return [
    ...(get("q") === "" ? [] : [`(userName co ${q} or email co ${q} or displayName co ${q})`]),
    ...EQUALS.flatMap((name) => (get(name) === "" ? [] : [`${name} eq ${inFilter(get(name))}`])),
    ...accessFilter(get("product"), get("role")),
    ...silenceFilter(get("silent")),
  ].join(" and ");
}

/** @param product `site/key`, or `none` for who has nothing. */
function accessFilter(product: string, role: string): string[] {
  if (product === "none") return ["not (access pr)"];
  const [site = "", key = ""] = product.split("/");
  const parts = [
    ...(product === "" ? [] : [`site eq ${inFilter(site)} and product eq ${inFilter(key)}`]),
    ...(role === "" ? [] : [`role eq ${inFilter(role)}`]),
  ];
  return parts.length === 0 ? [] : [`access[${parts.join(" and ")}]`];
}

/** To the hour, so that the same question is asked as long as it is looked at. */
function silenceFilter(silent: string): string[] {
  if (silent === "") return [];
  if (silent === "never") return ["not (lastAccessAt pr)"];
  const hour = 3_600_000;
  const before = new Date(Math.floor(Date.now() / hour) * hour - Number(silent) * 24 * hour);
  return [`lastAccessAt lt ${inFilter(before.toISOString())}`];
}
