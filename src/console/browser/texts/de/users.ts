export const users = {
  title: "Personen",
  userName: "Benutzername",
  email: "E-Mail",
  status: "Status",
  firstAccess: "Erster Zugriff",
  empty: "Noch ist niemand hier. Laden Sie jemanden ein oder verbinden Sie ein Verzeichnis.",
};
