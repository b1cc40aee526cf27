export const directories = {
  title: "Directories",
} as const;
