export const administrators = {
  title: "Administratoren und Tokens",
};
