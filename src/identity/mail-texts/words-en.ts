import type { MailKind, Wording } from "./wording.ts";

const ADMINISTRATOR = "{{ recipient }} gets this as an administrator of {{ organization }}";

/** The mails in English. */
export const en: Readonly<Record<MailKind, Wording>> = {
  invitation: {
    subject: "You have been invited",
    intro: "{{ organization }} has invited you.",
    facts: `{% if message.size > 0 %}They write:
{% for line in message %}> {{ line }}
{% endfor %}
{% endif %}{% if offers.size > 0 %}You get access to:
{% for offer in offers %}- {{ offer.product }} ({{ offer.role }})
{% endfor %}{% endif %}`,
    action: `Open this link to accept the invitation:

{{ link }}

It is meant for {{ recipient }} alone and works until {{ expires }}.`,
    outro: "If you did not expect it, ignore this e-mail: nothing happens until the invitation is accepted.",
  },
  removals: {
    subject: "A directory takes away many people's access",
    intro: "{{ organization }}: a directory takes away many people's access.",
    facts: `Within an hour the directory {{ directory }} took the last access, or an administrator's rights, from {{ lost }} \
{% if lost == 1 %}person{% else %}people{% endif %}; {{ gone }} of them {% if gone == 1 %}is{% else %}are{% endif %} still without. \
It may be {{ budget }}: {% if held %}requests that went beyond were refused, and nothing of them was done.\
{% else %}requests that go beyond will be refused, and nothing of them will be done.{% endif %}`,
    action: `What it sends, and with which token:
  muster scim log {{ directory }} --org {{ key }}
If it is not meant, end its tokens:
  muster directory token list {{ directory }} --org {{ key }}
If it is meant and more is to come, open the directory:
  muster directory release {{ directory }} --for 1h --reason TEXT --org {{ key }}`,
    outro: `${ADMINISTRATOR}, at most once an hour.`,
  },
  "break-glass": {
    subject: "A break-glass administrator signed in",
    intro: "{{ organization }}: a break-glass administrator signed in.",
    facts: `The break-glass administrator {{ name }} signed in at {{ at }}{% if address != "" %} from {{ address }}{% endif %}. \
It may do everything, and no directory and no single sign-on stands before it: it is for the day when nobody else can sign in.`,
    action: `If nobody should have, take it away at once; that ends its sessions:
  muster break-glass revoke {{ name }} --org {{ key }}
What it did stands in the audit under its name.`,
    outro: `${ADMINISTRATOR}.`,
  },
  "sign-up": {
    subject: "Somebody signed up",
    intro: "{{ organization }}: somebody signed up.",
    facts: `{{ email }} signed up{% if by == "link" %} by a link{% endif %}.`,
    action: `Who they are and what they have access to:
  muster user show --org {{ key }} -- {{ word }}
To be told no more:
  muster sign-up set --no-notices --org {{ key }}`,
    outro: `${ADMINISTRATOR}.`,
  },
  request: {
    subject: "Somebody asks for access",
    intro: "{{ organization }}: somebody asks for access.",
    facts: "{{ email }} asks for access. Nobody has proven yet that the address is theirs.",
    action: `Who else asks, and for what:
  muster request list --org {{ key }}`,
    outro: `${ADMINISTRATOR}, at most once an hour.`,
  },
  "guest-ending": {
    subject: "A guest's time runs out",
    intro: "{{ organization }}: a guest's time runs out.",
    facts: `The guest {{ guest }} has the space {{ space }} of {{ product }} until {{ ends }}. \
After that the guest has no access, and nothing of theirs is deleted.`,
    action: `To give them longer, counted from now:
  muster guest extend --product {{ product }} --for 30d --org {{ key }} -- {{ word }}
To let it end, do nothing.`,
    outro: "{{ recipient }} gets this as whoever answers for the guest, or as an administrator.",
  },
  "email-change-new": {
    subject: "Confirm your e-mail address",
    // It may reach a stranger, if the address was mistyped: it names nobody.
    intro:
      "An administrator of {{ organization }} wants to use {{ recipient }} as the e-mail address of your account there.",
    facts: "",
    action: `Open this link to confirm that this mailbox is yours:

{{ link }}

It works once, until {{ expires }}. Nothing changes before that.`,
    outro: "If you have no account at {{ organization }}, ignore this e-mail.",
  },
  "email-change-old": {
    subject: "Your e-mail address was changed",
    intro: "Your account at {{ organization }} has another e-mail address now; {{ recipient }} is not used any more.",
    facts: "If that is right, there is nothing to do.",
    action: `If it is not, open this link and take the change back:

{{ link }}

It works once, until {{ expires }}.`,
    outro: "{{ recipient }} gets this as the former address.",
  },
  "delivery-problem": {
    subject: "An invitation did not arrive",
    intro: "{{ organization }}: an invitation of yours did not arrive.",
    facts: `The invitation to {{ address }} could not be delivered: \
{% case reason %}{% when "bounced" %}the mail server says that there is no such address.\
{% when "suppressed" %}no mail goes to this address.{% else %}it was given up.{% endcase %}
{% if reply != "" %}> {{ reply }}{% endif %}`,
    action: `If the address is wrong, correct it and send it again:
  muster invite correct --org {{ key }} -- {{ word }} NEW-ADDRESS
If it is right, pass the link on by hand:
  muster invite link --org {{ key }} -- {{ word }}`,
    outro: "{{ recipient }} gets this once, as whoever sent the invitation.",
  },
  account: {
    subject: "Your user name",
    intro: "{{ organization }} has added you.",
    facts: "Your user name is {{ userName }}.",
    action: "It is the name by which the products that you are given know you. Sign in there as your company does it.",
    outro: "If you did not expect it, ignore this e-mail.",
  },
  password: {
    subject: "Your user name, and your password",
    intro: "{{ organization }} has made you an administrator.",
    facts: "Your user name is {{ userName }}.",
    action: `Open this link to set your password:

{{ link }}

It is meant for {{ recipient }} alone, works once, and until {{ expires }}.`,
    outro: "If you did not expect it, ignore this e-mail: nothing happens until a password is set.",
  },
};

/** Words that are put into mails. */
export const enWords = {
  admin: "admin",
  user: "user",
  guest: "guest",
  never: "If you do not know the sender, or want no invitation from there ever again:",
};
