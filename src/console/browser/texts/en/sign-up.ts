export const signUp = {
  title: "Sign-up and domains",
} as const;
