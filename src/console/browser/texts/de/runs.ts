export const runs = {
  title: "Abgleiche",
};
