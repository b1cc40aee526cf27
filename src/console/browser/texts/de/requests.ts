export const requests = {
  title: "Anfragen",
};
