import { type Html, html } from "../http/html.ts";
import type { Locale } from "../identity/locales.ts";

const en = {
  invited: "You have been invited",
  hasInvited: (who: string) => html`<p><strong>${who}</strong> has invited you.</p>`,
  for: "For",
  getAccess: "You get access to",
  until: "Until",
  acceptUntil: (end: string) => html`the invitation can be accepted until ${end}`,
  accept: "Accept the invitation",
  neverAsk: "Do you not know the sender?",
  never: "Never invite me again",
  neverTitle: "No more invitations?",
  neverBody: (who: string, to: string) =>
    html`<p><strong>${who}</strong> will send no invitation to ${to} any more, and this one is declined.</p>`,
  neverDone: "You will not be invited again",
  neverDoneBody: (who: string, to: string) =>
    html`<p><strong>${who}</strong> sends no more invitations to ${to}. If you change your mind, ask an administrator there.</p>`,
  thanks: "Thank you",
  accepted: (who: string) => html`<p>You have accepted the invitation of <strong>${who}</strong>.</p>`,
  review: "An administrator has to confirm what it gives before you can use it; it stands in their list.",
  welcome: "Welcome",
  signIn: "Sign in at:",
  renewalTitle: "A new invitation was asked for",
  renewal: (who: string, to: string) =>
    html`<p>The administrators of <strong>${who}</strong> see that you need a new one. When they send it, it comes to ${to}.</p>`,
  acceptedTitle: "This invitation has been accepted",
  acceptedOn: (when: string) => html`<p>It was accepted on ${when}; a link works once.</p>`,
  ifThatWasYou: "If that was you, sign in at:",
  expiredTitle: "This invitation has expired",
  expired: (who: string, when: string) => html`<p>The link of <strong>${who}</strong> expired on ${when}.</p>`,
  askForNew: "Ask for a new one",
  replacedTitle: "There is a newer invitation",
  replaced: "A newer e-mail has been sent to the same address. Open the link in that one.",
  withdrawnTitle: "This invitation no longer holds",
  withdrawn: (who: string) =>
    html`<p>It has been withdrawn. If you still need access, ask an administrator of <strong>${who}</strong> to invite you again.</p>`,
  nothing: "nothing yet: an administrator still has to give you access",
  unknownDay: "an unknown day",
  roles: { admin: "admin", user: "user", guest: "guest" },
  passwordTitle: "Set your password",
  passwordFor: (who: string, name: string) => html`<p>For your user name <strong>${name}</strong> at ${who}.</p>`,
  password: "New password",
  passwordSet: "Your password is set",
  passwordSetBody: "Sign in with your user name and this password.",
  passwordExpired: (when: string) => html`<p>The link worked until ${when}. Ask an administrator for another one.</p>`,
  passwordUsed: "It was used, or another one was sent. Ask an administrator for another one.",
  passwordOver: "This link does not work any more",
};

type Words = typeof en;

const de: Words = {
  invited: "Sie wurden eingeladen",
  hasInvited: (who) => html`<p><strong>${who}</strong> hat Sie eingeladen.</p>`,
  for: "Für",
  getAccess: "Sie erhalten Zugang zu",
  until: "Bis",
  acceptUntil: (end) => html`die Einladung kann bis ${end} angenommen werden`,
  accept: "Die Einladung annehmen",
  neverAsk: "Kennen Sie den Absender nicht?",
  never: "Nie wieder einladen",
  neverTitle: "Keine Einladungen mehr?",
  neverBody: (who, to) =>
    html`<p><strong>${who}</strong> sendet keine Einladung mehr an ${to}, und diese ist abgelehnt.</p>`,
  neverDone: "Sie werden nicht wieder eingeladen",
  neverDoneBody: (who, to) =>
    html`<p><strong>${who}</strong> sendet keine Einladungen mehr an ${to}. Wenn Sie es sich anders überlegen, fragen Sie dort einen Administrator.</p>`,
  thanks: "Vielen Dank",
  accepted: (who) => html`<p>Sie haben die Einladung von <strong>${who}</strong> angenommen.</p>`,
  review:
    "Ein Administrator muss noch bestätigen, was Sie damit erhalten; es steht in seiner Liste. Vorher können Sie es nicht verwenden.",
  welcome: "Willkommen",
  signIn: "Melden Sie sich hier an:",
  renewalTitle: "Eine neue Einladung ist erbeten",
  renewal: (who, to) =>
    html`<p>Die Administratoren von <strong>${who}</strong> sehen, dass Sie eine neue brauchen. Wenn sie eine senden, kommt sie an ${to}.</p>`,
  acceptedTitle: "Diese Einladung wurde angenommen",
  acceptedOn: (when) => html`<p>Sie wurde angenommen: ${when}. Ein Link gilt einmal.</p>`,
  ifThatWasYou: "Wenn Sie das waren, melden Sie sich hier an:",
  expiredTitle: "Diese Einladung ist abgelaufen",
  expired: (who, when) => html`<p>Der Link von <strong>${who}</strong> ist abgelaufen: ${when}.</p>`,
  askForNew: "Um eine neue bitten",
  replacedTitle: "Es gibt eine neuere Einladung",
  replaced: "An dieselbe Adresse ging eine neuere E-Mail. Öffnen Sie den Link darin.",
  withdrawnTitle: "Diese Einladung gilt nicht mehr",
  withdrawn: (who) =>
    html`<p>Sie wurde zurückgezogen. Wenn Sie noch Zugang brauchen, bitten Sie einen Administrator von <strong>${who}</strong> um eine neue.</p>`,
  nothing: "noch nichts: Ein Administrator muss Ihnen noch Zugang geben",
  unknownDay: "an einem unbekannten Tag",
  roles: { admin: "Administrator", user: "Benutzer", guest: "Gast" },
  passwordTitle: "Setzen Sie Ihr Passwort",
  passwordFor: (who, name) => html`<p>Für Ihren Benutzernamen <strong>${name}</strong> bei ${who}.</p>`,
  password: "Neues Passwort",
  passwordSet: "Ihr Passwort ist gesetzt",
  passwordSetBody: "Melden Sie sich mit Ihrem Benutzernamen und diesem Passwort an.",
  passwordExpired: (when) => html`<p>Der Link galt bis ${when}. Bitten Sie einen Administrator um einen neuen.</p>`,
  passwordUsed:
    "Er wurde verwendet, oder es wurde ein anderer gesendet. Bitten Sie einen Administrator um einen neuen.",
  passwordOver: "Dieser Link gilt nicht mehr",
};

/** What the pages of invitations and passwords say. */
export const PAGE_WORDS: Readonly<Record<Locale, Words>> = { en, de };

/** One sentence. */
export function sentence(words: string): Html {
  return html`<p>${words}</p>`;
}
