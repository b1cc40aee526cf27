import type { NewMail } from "./mails.ts";

/** What stands above a mail of each kind. No text of users or directories is in it: it would travel under our sender's good name. */
export const MAIL_SUBJECTS: Readonly<Record<NewMail["kind"], string>> = {
  invitation: "You have been invited",
  removals: "A directory takes away many people's access",
  "break-glass": "A break-glass administrator signed in",
  "sign-up": "Somebody signed up",
  request: "Somebody asks for access",
  "guest-ending": "A guest's time runs out",
  "email-change-new": "Confirm your e-mail address",
  "email-change-old": "Your e-mail address was changed",
};
