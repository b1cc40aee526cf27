/** `share`: of the bare server's requests a second, at least so much. `times`: at most so many times as long. */
export type Goal = { title: string; kind: "share" | "times"; target: number };

/** What is to be reached, by the names in `ratios`. */
export const goals = {
  post: { title: "POST /Users", kind: "share", target: 0.5 },
  get: { title: "GET /Users/{id}", kind: "share", target: 0.75 },
  filter: { title: "GET /Users?filter=userName eq", kind: "share", target: 0.75 },
  page: { title: "GET /Users?startIndex&count=100", kind: "share", target: 0.7 },
  patch: { title: "PATCH /Users active", kind: "share", target: 0.4 },
  memberOf50k: { title: "PATCH Group, one member, large group against small", kind: "times", target: 1.3 },
  add100: { title: "PATCH Group, 100 members added", kind: "share", target: 0.15 },
  search: { title: "the slowest search against keyed filters", kind: "times", target: 3 },
} as const satisfies Record<string, Goal>;

export type GoalName = keyof typeof goals;

/** Searches against a filter of as many user names as the search has rows on its page. */
export const searches = {
  externalId: "externalId eq",
  workEmail: 'emails[type eq "work"].value eq',
  displayName: "displayName sw",
  lastModified: "meta.lastModified gt",
  sortedPage: "a page sorted by userName",
  cursorPage: "a cursor page deep inside",
} as const;

export type SearchName = keyof typeof searches;
