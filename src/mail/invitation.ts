import type { MailWords } from "../identity/mail-premises.ts";
import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import { oneLine, personalLines } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

const render = mailTemplate({
  subject: MAIL_SUBJECTS.invitation,
  text: `{{ organization }} has invited you.
{% if message.size > 0 %}
They write:
{% for line in message %}  > {{ line }}
{% endfor %}{% endif %}{% if offers.size > 0 %}
You get access to:
{% for offer in offers %}  - {{ offer.product }} ({{ offer.role }})
{% endfor %}{% endif %}
Open this link to accept the invitation:

{{ link }}

It is meant for {{ recipient }} alone and works until {{ expires }}.
If you did not expect it, ignore this e-mail: nothing happens until the invitation is accepted.
`,
  html: `<p><strong>{{ organization }}</strong> has invited you.</p>
{% if message.size > 0 %}<p>They write:</p>
<blockquote>{% for line in message %}{{ line }}<br>{% endfor %}</blockquote>
{% endif %}{% if offers.size > 0 %}<p>You get access to:</p>
<ul>{% for offer in offers %}<li>{{ offer.product }} ({{ offer.role }})</li>{% endfor %}</ul>
{% endif %}<p><a href="{{ link }}">Accept the invitation</a></p>
<p>If that does not work, copy this address into your browser:<br>{{ link }}</p>
<p>The link is meant for {{ recipient }} alone and works until {{ expires }}.
If you did not expect it, ignore this e-mail: nothing happens until the invitation is accepted.</p>
`,
});

/** The words of an invitation: what, from whom, for which address, until when (R72), as text and as HTML. */
export function writeInvitation(
  mail: Pick<OutgoingMail, "organizationName" | "recipient">,
  { offers, expiresAt, message }: Extract<MailWords, { kind: "invitation" }>,
  link: string,
): Written {
  return render({
    organization: oneLine(mail.organizationName),
    message: message === null ? [] : personalLines(message),
    offers: offers.map((offer) => ({ product: oneLine(offer.product), role: offer.role })),
    recipient: mail.recipient,
    link,
    expires: `${expiresAt.toISOString().slice(0, 16).replace("T", " ")} UTC`,
  });
}
