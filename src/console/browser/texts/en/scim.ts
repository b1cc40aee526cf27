export const scim = {
  title: "SCIM requests",
} as const;
