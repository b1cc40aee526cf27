import { before, filter, type Lists, plain, RESERVED, text } from "./list.ts";

/** How people come in, and the mails of it. */
export const COMING_IN: Lists = {
  "invitations.list": {
    path: () => "/invitations",
    bare: plain(
      `i.id as key, i.email, a.id, a.user_name, i.state, i.delivery, i.sent_count, i.sent_at, i.expires_at, i.accepted_at,
      i.granted_at, i.message, i.created_at, (select json_agg(g.name) from invitation_groups o join groups g
        on g.organization = o.organization and g.id = o.group_id where o.organization = i.organization and o.invitation = i.id) as groups,
      (select json_agg(o.space) from invitation_spaces o where o.organization = i.organization and o.invitation = i.id) as spaces`,
      "invitations i left join accounts a on a.organization = i.organization and a.id = i.account",
      "i",
      "",
      "i.id desc",
    ),
    after: before("i.id"),
    ways: [
      {
        name: "state pending",
        query: filter('state eq "pending"'),
        where: "i.state = 'pending' and i.expires_at > now()",
      },
      { name: "delivery bounced", query: filter('delivery eq "bounced"'), where: "i.delivery = 'bounced'" },
      { name: "state declined", query: filter('state eq "declined"'), where: "i.state = 'declined'" },
    ],
  },
  "links.list": {
    path: () => "/links",
    bare: plain(
      `l.id as key, l.*, (select json_agg(g.name) from link_groups o join groups g on g.organization = o.organization
        and g.id = o.group_id where o.organization = l.organization and o.link = l.id) as groups,
      (select json_agg(json_build_object('product', p.key, 'role', r.role)) from link_groups o
        join role_grants r on r.organization = o.organization and r.group_id = o.group_id
        join products p on p.organization = r.organization and p.id = r.product
        where o.organization = l.organization and o.link = l.id) as costs,
      (select json_agg(v) from (${RESERVED}) v) as pending`,
      "links l",
      "l",
      "",
      "l.id desc",
    ),
    after: before("l.id"),
  },
  "links.uses": {
    path: ({ link }) => `/links/${link}/uses`,
    bare: plain("u.email_key as key, u.invitation, u.used_at", "link_uses u", "u", "u.link = ':link'", "u.email_key"),
    key: (item) => item.email,
    after: (item) => `u.email_key > ${text(item.email)}`,
  },
  "requests.list": {
    path: () => "/requests",
    bare: plain(
      "r.id as key, r.*, p.key as product, s.key as site",
      `access_requests r
      left join products p on p.organization = r.organization and p.id = r.product
      left join sites s on s.organization = p.organization and s.id = p.site`,
      "r",
      "",
      "r.id desc",
    ),
    after: before("r.id"),
    ways: [{ name: "state open", query: "state=open", where: "r.state = 'open'" }],
  },
  "mails.list": {
    path: () => "/mails",
    bare: plain("m.id as key, m.*", "mails m", "m", "", "m.id desc"),
    after: before("m.id"),
    ways: [
      { name: "state bounced", query: filter('state eq "bounced"'), where: "m.state = 'bounced'" },
      { name: "user", query: "user=:person", where: "m.account = ':person'" },
    ],
  },
  "mailSuppressions.list": {
    path: () => "/mail-suppressions",
    bare: plain("m.email_key as key, m.*", "mail_suppressions m", "m", "", "m.email_key"),
    key: (item) => item.email,
    after: (item) => `m.email_key > ${text(item.email)}`,
  },
  "mailTexts.list": { path: () => "/mail-texts", bare: null },
};
