import type { GuestEndingNotice } from "../identity/guest-reminders.ts";
import { MAIL_SUBJECTS } from "../identity/mail-subjects.ts";
import type { OutgoingMail } from "../identity/mails.ts";
import { shellWord } from "../identity/shell-word.ts";
import { oneLine } from "./address.ts";
import { mailTemplate, type Written } from "./template.ts";

const FACTS = `The guest {{ guest }} has the space {{ space }} of {{ product }} until {{ endsAt }}. \
After that the guest has no access, and nothing of theirs is deleted.`;

const render = mailTemplate({
  subject: MAIL_SUBJECTS["guest-ending"],
  text: `{{ organization }}: ${FACTS}

To give them longer, counted from now:
  muster guest extend --product {{ product }} --for 30d --org {{ key }} -- {{ word }}
To let it end, do nothing.

{{ recipient }} gets this as whoever answers for the guest, or as an administrator.
`,
  html: `<p><strong>{{ organization }}</strong>: ${FACTS}</p>
<p>To give them longer, counted from now:<br>
<code>muster guest extend --product {{ product }} --for 30d --org {{ key }} -- {{ word }}</code></p>
<p>To let it end, do nothing.</p>
<p>{{ recipient }} gets this as whoever answers for the guest, or as an administrator.</p>
`,
});

/** Tells a manager that a guest's time runs out, and how to extend it (R126). */
export function writeGuestEnding(
  mail: Pick<OutgoingMail, "organizationName" | "organizationKey" | "recipient">,
  notice: GuestEndingNotice,
): Written {
  return render({
    ...notice,
    guest: oneLine(notice.guest),
    word: shellWord(notice.guest),
    organization: oneLine(mail.organizationName),
    key: mail.organizationKey,
    recipient: mail.recipient,
  });
}
