import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import type { RemovalNotice } from "../identity/removal-notice.ts";
import { oneLine } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

const FACTS = `Within an hour the directory {{ directory }} took the last access, or an administrator's rights, from {{ lost }} \
{% if lost == 1 %}person{% else %}people{% endif %}; {{ gone }} of them {% if gone == 1 %}is{% else %}are{% endif %} still without. \
It may be {{ budget }}: {% if held %}requests that went beyond were refused, and nothing of them was done.\
{% else %}requests that go beyond will be refused, and nothing of them will be done.{% endif %}`;

const render = mailTemplate({
  subject: MAIL_SUBJECTS.removals,
  text: `{{ organization }}: ${FACTS}

What it sends, and with which token:
  muster scim log {{ directory }} --org {{ key }}
If it is not meant, end its tokens:
  muster directory token list {{ directory }} --org {{ key }}
If it is meant and more is to come, open the directory:
  muster directory release {{ directory }} --for 1h --reason TEXT --org {{ key }}

{{ recipient }} gets this as an administrator of {{ organization }}, at most once an hour.
`,
  html: `<p><strong>{{ organization }}</strong>: ${FACTS}</p>
<p>What it sends, and with which token:<br><code>muster scim log {{ directory }} --org {{ key }}</code></p>
<p>If it is not meant, end its tokens:<br><code>muster directory token list {{ directory }} --org {{ key }}</code></p>
<p>If it is meant and more is to come, open the directory:<br>
<code>muster directory release {{ directory }} --for 1h --reason TEXT --org {{ key }}</code></p>
<p>{{ recipient }} gets this as an administrator of {{ organization }}, at most once an hour.</p>
`,
});

/** Tells an administrator that a directory uses up its removal budget (design §7), and what to do about it. */
export function writeRemovalNotice(
  mail: Pick<OutgoingMail, "organizationName" | "organizationKey" | "recipient">,
  notice: RemovalNotice,
): Written {
  return render({
    ...notice,
    organization: oneLine(mail.organizationName),
    key: mail.organizationKey,
    recipient: mail.recipient,
  });
}
