export const guests = {
  title: "Gäste",
};
