export const links = {
  title: "Links",
} as const;
