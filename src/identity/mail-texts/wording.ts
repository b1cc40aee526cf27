/** Every kind of mail. */
export const MAIL_KINDS = [
  "invitation",
  "removals",
  "break-glass",
  "sign-up",
  "request",
  "guest-ending",
  "email-change-new",
  "email-change-old",
  "delivery-problem",
  "account",
  "password",
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** What an organization can say in its own words: `action` is what the reader is to do, with the link and until when. */
export const PARTS = ["subject", "intro", "action", "outro"] as const;
export type Part = (typeof PARTS)[number];

/**
 * What a mail says, as liquid templates of plain text. `facts` stand between `intro` and `action` and are Muster's alone. A line that
 * begins with two blanks is a command to copy, with `- ` an item, with `> ` somebody's own words. HTML is made of the same text.
 */
export type Wording = Readonly<Record<Part | "facts", string>>;

/**
 * What each kind's parts can name. In the subject only `organization` stands: it travels under our sender's good name. `required`
 * must stay in `action`, because the mail is for nothing without.
 */
export const VARIABLES: Readonly<Record<MailKind, { names: readonly string[]; required: readonly string[] }>> = {
  invitation: { names: ["link", "expires"], required: ["link", "expires"] },
  removals: { names: ["directory", "lost", "gone", "budget"], required: [] },
  "break-glass": { names: ["name", "at", "address"], required: [] },
  "sign-up": { names: ["email", "word"], required: [] },
  request: { names: ["email"], required: [] },
  "guest-ending": { names: ["guest", "word", "space", "product", "ends"], required: [] },
  "email-change-new": { names: ["link", "expires"], required: ["link", "expires"] },
  "email-change-old": { names: ["link", "expires"], required: ["link", "expires"] },
  "delivery-problem": { names: ["address", "reply", "word"], required: [] },
  account: { names: ["userName"], required: [] },
  password: { names: ["userName", "link", "expires"], required: ["link", "expires"] },
};

/** What every part but the subject can name. */
export const EVERYWHERE = ["organization", "key", "recipient"] as const;
