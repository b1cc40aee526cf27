export const guests = {
  title: "Guests",
} as const;
