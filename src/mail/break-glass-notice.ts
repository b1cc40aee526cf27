import type { BreakGlassNotice } from "../identity/break-glass-notice.ts";
import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import { oneLine } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

const FACTS = `The break-glass administrator {{ name }} signed in at {{ at }}{% if address %} from {{ address }}{% endif %}. \
It may do everything, and no directory and no single sign-on stands before it: it is for the day when nobody else can sign in.`;

const render = mailTemplate({
  subject: MAIL_SUBJECTS["break-glass"],
  text: `{{ organization }}: ${FACTS}

If nobody should have, take it away at once; that ends its sessions:
  muster break-glass revoke {{ name }} --org {{ key }}
What it did stands in the audit under its name.

{{ recipient }} gets this as an administrator of {{ organization }}.
`,
  html: `<p><strong>{{ organization }}</strong>: ${FACTS}</p>
<p>If nobody should have, take it away at once; that ends its sessions:<br><code>muster break-glass revoke {{ name }} --org {{ key }}</code></p>
<p>What it did stands in the audit under its name.</p>
<p>{{ recipient }} gets this as an administrator of {{ organization }}.</p>
`,
});

/** Tells an administrator that a break-glass administrator signed in (R26), and what to do if nobody should have. */
export function writeBreakGlassNotice(
  mail: Pick<OutgoingMail, "organizationName" | "organizationKey" | "recipient">,
  notice: BreakGlassNotice,
): Written {
  return render({
    ...notice,
    organization: oneLine(mail.organizationName),
    key: mail.organizationKey,
    recipient: mail.recipient,
  });
}
