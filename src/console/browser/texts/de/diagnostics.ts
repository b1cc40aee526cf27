export const diagnostics = {
  title: "Diagnose",
  whyNot: "Warum kann ich nicht …?",
  operation: "Operation",
  allowed: "Sie dürfen",
  refused: "Sie dürfen nicht",
  "no-right": "Sie haben kein Recht, das es erlaubt.",
  elsewhere: "Ihr Recht gilt für etwas anderes.",
  "limited-token": "Das Token ist begrenzt, obwohl der Besitzer dürfte.",
  "product-token": "Das Token gehört einem Produkt.",
  leftOut: "Seiten, die Sie nicht sehen",
  nothingLeftOut: "Keine: Sie sehen alle.",
  support: "Für den Support",
  supportMeans:
    "Was der Support wissen muss. Namen, Adressen und Geheimnisse stehen nicht darin; sehen Sie es an, bevor Sie es senden.",
  download: "Herunterladen",
};
