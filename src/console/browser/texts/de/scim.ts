export const scim = {
  title: "SCIM-Anfragen",
};
