export const invite = {
  title: "Einladen",
};
