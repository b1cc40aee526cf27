export const setup = {
  title: "Muster einrichten",
  means: "Das legt die erste Organisation an und das Konto, mit dem Sie sie verwalten. Der Link gilt einmal.",
  noToken:
    "Öffnen Sie den Link, den Muster beim Start in sein Log geschrieben hat: Er enthält den Schlüssel zu dieser Seite.",
  key: "Schlüssel der Organisation",
  keyMeans: "Ein kurzes Wort aus Kleinbuchstaben, Ziffern und Bindestrichen. Es steht in Adressen und Befehlen.",
  name: "Name der Organisation",
  site: "Ein weiterer Standort",
  siteMeans:
    "Der erste Standort trägt den Schlüssel der Organisation. Nennen Sie einen zweiten, wenn Sie ihn brauchen; das geht auch später.",
  email: "Ihre E-Mail-Adresse",
  password: "Passwort",
  submit: "Einrichten",
};
