export const directories = {
  title: "Verzeichnisse",
};
