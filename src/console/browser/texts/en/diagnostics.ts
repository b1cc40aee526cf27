export const diagnostics = {
  title: "Diagnostics",
} as const;
