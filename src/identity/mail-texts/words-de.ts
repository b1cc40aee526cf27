import type { MailKind, Wording } from "./wording.ts";
import type { enWords } from "./words-en.ts";

const ADMINISTRATOR = "{{ recipient }} erhält diese E-Mail als Administrator von {{ organization }}";

/** The mails in German. */
export const de: Readonly<Record<MailKind, Wording>> = {
  invitation: {
    subject: "Sie wurden eingeladen",
    intro: "{{ organization }} hat Sie eingeladen.",
    facts: `{% if message.size > 0 %}Die Nachricht dazu:
{% for line in message %}> {{ line }}
{% endfor %}
{% endif %}{% if offers.size > 0 %}Sie erhalten Zugang zu:
{% for offer in offers %}- {{ offer.product }} ({{ offer.role }})
{% endfor %}{% endif %}`,
    action: `Öffnen Sie diesen Link, um die Einladung anzunehmen:

{{ link }}

Er ist allein für {{ recipient }} bestimmt und gilt bis {{ expires }}.`,
    outro:
      "Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie: Es geschieht nichts, solange die Einladung nicht angenommen wird.",
  },
  removals: {
    subject: "Ein Verzeichnis nimmt vielen Personen den Zugang",
    intro: "{{ organization }}: Ein Verzeichnis nimmt vielen Personen den Zugang.",
    facts: `Innerhalb einer Stunde hat das Verzeichnis {{ directory }} {{ lost }} \
{% if lost == 1 %}Person{% else %}Personen{% endif %} den letzten Zugang oder die Rechte eines Administrators genommen; \
{{ gone }} davon {% if gone == 1 %}ist{% else %}sind{% endif %} noch immer ohne. Erlaubt sind {{ budget }}: \
{% if held %}Anfragen, die darüber hinausgingen, wurden abgelehnt, und nichts davon wurde ausgeführt.\
{% else %}Anfragen, die darüber hinausgehen, werden abgelehnt, und nichts davon wird ausgeführt.{% endif %}`,
    action: `Was es sendet, und mit welchem Token:
  muster scim log {{ directory }} --org {{ key }}
Wenn es nicht gewollt ist, beenden Sie seine Tokens:
  muster directory token list {{ directory }} --org {{ key }}
Wenn es gewollt ist und mehr kommen soll, öffnen Sie das Verzeichnis:
  muster directory release {{ directory }} --for 1h --reason TEXT --org {{ key }}`,
    outro: `${ADMINISTRATOR}, höchstens einmal in der Stunde.`,
  },
  "break-glass": {
    subject: "Ein Notfall-Administrator hat sich angemeldet",
    intro: "{{ organization }}: Ein Notfall-Administrator hat sich angemeldet.",
    facts: `Der Notfall-Administrator {{ name }} hat sich angemeldet: {{ at }}{% if address != "" %}, von {{ address }}{% endif %}. \
Er darf alles, und kein Verzeichnis und kein Single Sign-on steht vor ihm: Er ist für den Tag, an dem sich sonst niemand anmelden kann.`,
    action: `Wenn das niemand sollte, nehmen Sie ihn sofort weg; das beendet seine Sitzungen:
  muster break-glass revoke {{ name }} --org {{ key }}
Was er getan hat, steht unter seinem Namen im Audit.`,
    outro: `${ADMINISTRATOR}.`,
  },
  "sign-up": {
    subject: "Jemand hat sich registriert",
    intro: "{{ organization }}: Jemand hat sich registriert.",
    facts: `{{ email }} hat sich {% if by == "link" %}über einen Link {% endif %}registriert.`,
    action: `Wer das ist und worauf die Person Zugang hat:
  muster user show --org {{ key }} -- {{ word }}
Um nicht mehr benachrichtigt zu werden:
  muster sign-up set --no-notices --org {{ key }}`,
    outro: `${ADMINISTRATOR}.`,
  },
  request: {
    subject: "Jemand bittet um Zugang",
    intro: "{{ organization }}: Jemand bittet um Zugang.",
    facts: "{{ email }} bittet um Zugang. Noch hat niemand bewiesen, dass ihm die Adresse gehört.",
    action: `Wer sonst noch bittet, und worum:
  muster request list --org {{ key }}`,
    outro: `${ADMINISTRATOR}, höchstens einmal in der Stunde.`,
  },
  "guest-ending": {
    subject: "Die Zeit eines Gastes läuft ab",
    intro: "{{ organization }}: Die Zeit eines Gastes läuft ab.",
    facts: `Der Gast {{ guest }} hat den Bereich {{ space }} von {{ product }} bis {{ ends }}. \
Danach hat der Gast keinen Zugang mehr, und nichts von ihm wird gelöscht.`,
    action: `Um ihm mehr Zeit zu geben, von jetzt an gezählt:
  muster guest extend --product {{ product }} --for 30d --org {{ key }} -- {{ word }}
Um sie ablaufen zu lassen, tun Sie nichts.`,
    outro: "{{ recipient }} erhält diese E-Mail, weil er für den Gast einsteht, oder als Administrator.",
  },
  "email-change-new": {
    subject: "Bestätigen Sie Ihre E-Mail-Adresse",
    intro:
      "Ein Administrator von {{ organization }} möchte {{ recipient }} als E-Mail-Adresse Ihres dortigen Kontos verwenden.",
    facts: "",
    action: `Öffnen Sie diesen Link, um zu bestätigen, dass dieses Postfach Ihres ist:

{{ link }}

Er gilt einmal, bis {{ expires }}. Vorher ändert sich nichts.`,
    outro: "Wenn Sie bei {{ organization }} kein Konto haben, ignorieren Sie diese E-Mail.",
  },
  "email-change-old": {
    subject: "Ihre E-Mail-Adresse wurde geändert",
    intro:
      "Ihr Konto bei {{ organization }} hat jetzt eine andere E-Mail-Adresse; {{ recipient }} wird nicht mehr verwendet.",
    facts: "Wenn das richtig ist, brauchen Sie nichts zu tun.",
    action: `Wenn nicht, öffnen Sie diesen Link und nehmen Sie die Änderung zurück:

{{ link }}

Er gilt einmal, bis {{ expires }}.`,
    outro: "{{ recipient }} erhält diese E-Mail als bisherige Adresse.",
  },
  "delivery-problem": {
    subject: "Eine Einladung ist nicht angekommen",
    intro: "{{ organization }}: Eine Ihrer Einladungen ist nicht angekommen.",
    facts: `Die Einladung an {{ address }} konnte nicht zugestellt werden: \
{% case reason %}{% when "bounced" %}der Mailserver sagt, dass es die Adresse nicht gibt.\
{% when "suppressed" %}an diese Adresse geht keine E-Mail.{% else %}sie wurde aufgegeben.{% endcase %}
{% if reply != "" %}> {{ reply }}{% endif %}`,
    action: `Wenn die Adresse falsch ist, berichtigen Sie sie und senden Sie die Einladung erneut:
  muster invite correct --org {{ key }} -- {{ word }} NEUE-ADRESSE
Wenn sie richtig ist, geben Sie den Link von Hand weiter:
  muster invite link --org {{ key }} -- {{ word }}`,
    outro: "{{ recipient }} erhält diese E-Mail einmal, weil die Einladung von dieser Person kam.",
  },
  account: {
    subject: "Ihr Benutzername",
    intro: "{{ organization }} hat Sie hinzugefügt.",
    facts: "Ihr Benutzername ist {{ userName }}.",
    action:
      "Unter diesem Namen kennen Sie die Produkte, auf die Sie Zugang erhalten. Melden Sie sich dort an, wie es in Ihrem Unternehmen üblich ist.",
    outro: "Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie.",
  },
  password: {
    subject: "Ihr Benutzername und Ihr Passwort",
    intro: "{{ organization }} hat Sie zum Administrator gemacht.",
    facts: "Ihr Benutzername ist {{ userName }}.",
    action: `Öffnen Sie diesen Link, um Ihr Passwort zu setzen:

{{ link }}

Er ist allein für {{ recipient }} bestimmt, gilt einmal, und bis {{ expires }}.`,
    outro:
      "Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie: Es geschieht nichts, solange kein Passwort gesetzt wird.",
  },
};

/** Words that are put into mails. */
export const deWords: typeof enWords = {
  admin: "Administrator",
  user: "Benutzer",
  guest: "Gast",
  never: "Wenn Sie den Absender nicht kennen oder von dort nie wieder eingeladen werden möchten:",
};
