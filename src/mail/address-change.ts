import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import { oneLine } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

type Mail = Pick<OutgoingMail, "organizationName" | "recipient">;

/** It may reach a stranger, if the address was mistyped: it names nobody. */
const question = mailTemplate({
  subject: MAIL_SUBJECTS["email-change-new"],
  text: `An administrator of {{ organization }} wants to use {{ recipient }} as the e-mail address of your account there.

Open this link to confirm that this mailbox is yours:

{{ link }}

It works once, until {{ until }}. Nothing changes before that.
If you have no account at {{ organization }}, ignore this e-mail.
`,
  html: `<p>An administrator of <strong>{{ organization }}</strong> wants to use {{ recipient }} as the e-mail address of your
account there.</p>
<p><a href="{{ link }}">Confirm that this mailbox is yours</a></p>
<p>If that does not work, copy this address into your browser:<br>{{ link }}</p>
<p>It works once, until {{ until }}. Nothing changes before that. If you have no account at {{ organization }}, ignore this e-mail.</p>
`,
});

const notice = mailTemplate({
  subject: MAIL_SUBJECTS["email-change-old"],
  text: `Your account at {{ organization }} has another e-mail address now; {{ recipient }} is not used any more.

If that is right, there is nothing to do.
If it is not, open this link and take the change back:

{{ link }}

It works once, until {{ until }}.
`,
  html: `<p>Your account at <strong>{{ organization }}</strong> has another e-mail address now; {{ recipient }} is not used any more.</p>
<p>If that is right, there is nothing to do. If it is not: <a href="{{ link }}">take the change back</a>.</p>
<p>If that does not work, copy this address into your browser:<br>{{ link }}</p>
<p>The link works once, until {{ until }}.</p>
`,
});

/** Asks whoever reads a mailbox whether it is theirs (C16). */
export function writeAddressQuestion(mail: Mail, until: Date, link: string): Written {
  return question(about(mail, until, link));
}

/** Tells the former mailbox, and how to take it back (C16). */
export function writeAddressNotice(mail: Mail, until: Date, link: string): Written {
  return notice(about(mail, until, link));
}

function about(mail: Mail, until: Date, link: string) {
  return {
    organization: oneLine(mail.organizationName),
    recipient: mail.recipient,
    link,
    until: `${until.toISOString().slice(0, 16).replace("T", " ")} UTC`,
  };
}
