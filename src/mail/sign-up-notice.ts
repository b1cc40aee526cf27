import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import { shellWord } from "../identity/shell-word.ts";
import type { RequestNotice, SignUpNotice } from "../identity/sign-up-notice.ts";
import { oneLine } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

type Mail = Pick<OutgoingMail, "organizationName" | "organizationKey" | "recipient">;

const signUp = mailTemplate({
  subject: MAIL_SUBJECTS["sign-up"],
  text: `{{ organization }}: {{ email }} signed up{% if by == "link" %} by a link{% endif %}.

Who they are and what they have access to:
  muster user show --org {{ key }} -- {{ word }}
To be told no more:
  muster sign-up set --no-notices --org {{ key }}

{{ recipient }} gets this as an administrator of {{ organization }}.
`,
  html: `<p><strong>{{ organization }}</strong>: {{ email }} signed up{% if by == "link" %} by a link{% endif %}.</p>
<p>Who they are and what they have access to:<br><code>muster user show --org {{ key }} -- {{ word }}</code></p>
<p>To be told no more:<br><code>muster sign-up set --no-notices --org {{ key }}</code></p>
<p>{{ recipient }} gets this as an administrator of {{ organization }}.</p>
`,
});

const request = mailTemplate({
  subject: MAIL_SUBJECTS.request,
  text: `{{ organization }}: {{ email }} asks for access. Nobody has proven yet that the address is theirs.

Who else asks, and for what:
  muster request list --org {{ key }}

{{ recipient }} gets this as an administrator of {{ organization }}, at most once an hour.
`,
  html: `<p><strong>{{ organization }}</strong>: {{ email }} asks for access. Nobody has proven yet that the address is theirs.</p>
<p>Who else asks, and for what:<br><code>muster request list --org {{ key }}</code></p>
<p>{{ recipient }} gets this as an administrator of {{ organization }}, at most once an hour.</p>
`,
});

/** Tells an administrator that somebody made an account for themselves (R121). */
export function writeSignUpNotice(mail: Mail, notice: SignUpNotice): Written {
  return signUp({ ...about(mail), ...notice, word: shellWord(notice.email) });
}

/** Tells an administrator that somebody asks for access (R100). */
export function writeRequestNotice(mail: Mail, notice: RequestNotice): Written {
  return request({ ...about(mail), ...notice });
}

function about(mail: Mail) {
  return { organization: oneLine(mail.organizationName), key: mail.organizationKey, recipient: mail.recipient };
}
