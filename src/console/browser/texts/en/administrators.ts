export const administrators = {
  title: "Administrators and tokens",
} as const;
