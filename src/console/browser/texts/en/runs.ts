export const runs = {
  title: "Sync runs",
} as const;
