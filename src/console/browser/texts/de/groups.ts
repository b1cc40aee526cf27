export const groups = {
  title: "Gruppen",
};
