export const status = {
  "invited-not-sent": "Eingeladen – Einladung nicht gesendet",
  invited: "Eingeladen",
  active: "Aktiv",
  suspended: "Gesperrt",
  deactivated: "Deaktiviert",
  "invited-not-sentMeans":
    "Die Person kam aus einem Verzeichnis oder wurde ohne Mail hinzugefügt. „Erneut einladen“ sendet die erste.",
  invitedMeans: "Eine Mail ist unterwegs oder angekommen; die Person war noch nicht da.",
  activeMeans: "Die Person hat ein Produkt benutzt.",
  suspendedMeans: "Ein Administrator hat die Person gesperrt: kein Zugang bis zur Freigabe.",
  deactivatedMeans: "Das Verzeichnis oder ein Administrator sagt, dass die Person gegangen ist: kein Zugang.",
  admin: "Admin",
  user: "Benutzer",
  guest: "Gast",
};
