export const me = {
  title: "Your account",
} as const;
