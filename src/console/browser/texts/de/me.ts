export const me = {
  title: "Ihr Konto",
};
