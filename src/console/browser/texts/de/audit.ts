export const audit = {
  title: "Protokoll",
};
