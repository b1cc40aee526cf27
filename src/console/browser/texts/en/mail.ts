export const mail = {
  title: "Mail",
} as const;
