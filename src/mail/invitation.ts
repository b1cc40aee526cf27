import { Liquid } from "liquidjs";
import type { OutgoingMail } from "../identity/mails.ts";
import { oneLine } from "./address.ts";

/** No text of users or directories stands in the subject: it would travel under our sender's good name. */
const SUBJECT = "You have been invited";

const TEXT = `{{ organization }} has invited you.
{% if offers.size > 0 %}
You get access to:
{% for offer in offers %}  - {{ offer.product }} ({{ offer.role }})
{% endfor %}{% endif %}
Open this link to accept the invitation:

{{ link }}

It is meant for {{ recipient }} alone and works until {{ expires }}.
If you did not expect it, ignore this e-mail: nothing happens until the invitation is accepted.
`;

const HTML = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{ subject }}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
<p><strong>{{ organization }}</strong> has invited you.</p>
{% if offers.size > 0 %}<p>You get access to:</p>
<ul>{% for offer in offers %}<li>{{ offer.product }} ({{ offer.role }})</li>{% endfor %}</ul>
{% endif %}<p><a href="{{ link }}">Accept the invitation</a></p>
<p>If that does not work, copy this address into your browser:<br>{{ link }}</p>
<p>The link is meant for {{ recipient }} alone and works until {{ expires }}.
If you did not expect it, ignore this e-mail: nothing happens until the invitation is accepted.</p>
</body>
</html>
`;

const limits = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  parseLimit: 100_000,
  renderLimit: 1_000,
};
const html = new Liquid({ ...limits, outputEscape: "escape" });
const text = new Liquid(limits);
const htmlTemplate = html.parse(HTML);
const textTemplate = text.parse(TEXT);

/** The words of an invitation: what, from whom, for which address, until when (R72), as text and as HTML. */
export function writeInvitation(mail: OutgoingMail, link: string): { subject: string; text: string; html: string } {
  const values = {
    subject: SUBJECT,
    organization: oneLine(mail.organizationName),
    offers: mail.offers.map((offer) => ({ product: oneLine(offer.product), role: offer.role })),
    recipient: mail.recipient,
    link,
    expires: `${mail.expiresAt.toISOString().slice(0, 16).replace("T", " ")} UTC`,
  };
  return { subject: SUBJECT, text: text.renderSync(textTemplate, values), html: html.renderSync(htmlTemplate, values) };
}
