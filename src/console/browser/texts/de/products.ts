export const products = {
  title: "Produkte",
};
