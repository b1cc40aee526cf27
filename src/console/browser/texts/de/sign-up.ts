export const signUp = {
  title: "Registrierung und Domains",
};
