export const templates = {
  title: "Vorlagen",
};
