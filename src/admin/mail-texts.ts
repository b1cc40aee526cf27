import { z } from "zod";
import { LOCALES } from "../identity/locales.ts";
import { previewMail } from "../identity/mail-texts/preview.ts";
import {
  defaultsOf,
  getMailText,
  listMailTexts,
  type MailText,
  type OwnText,
  resetMailText,
  setMailText,
} from "../identity/mail-texts/texts.ts";
import { EVERYWHERE, MAIL_KINDS, VARIABLES } from "../identity/mail-texts/wording.ts";
import { instant, listOf, text, wholeList } from "./fields.ts";
import { route } from "./route.ts";

const parts = { subject: z.string(), intro: z.string(), action: z.string(), outro: z.string() };
const kind = z.enum(MAIL_KINDS);
const locale = z.enum(LOCALES);

const textAnswer = z
  .object({
    kind,
    locale,
    /** What the organization says; null: what stands in `defaults`. */
    own: z.object({
      subject: z.string().nullable(),
      intro: z.string().nullable(),
      action: z.string().nullable(),
      outro: z.string().nullable(),
      /** Of invitations: the personal message that stands there already. */
      message: z.string().nullable(),
    }),
    defaults: z.object(parts),
    /** What can be named as {{ name }}, but in the subject: there `organization` alone. */
    variables: z.array(z.string()),
    /** What `action` must name. */
    required: z.array(z.string()),
    changedAt: instant.nullable(),
  })
  .meta({ id: "MailText" });

const written = z.object({ subject: z.string(), text: z.string(), html: z.string() }).meta({ id: "MailPreview" });

const one = z.strictObject({ kind, locale });

/** null: Muster's own again. */
const changes = z
  .strictObject({
    subject: text(200).nullable(),
    intro: text(4_000).nullable(),
    action: text(4_000).nullable(),
    outro: text(4_000).nullable(),
    message: text(500).nullable(),
  })
  .partial();

/** `/mail-texts`: what mails say in the organization's own words. R60, R61. */
export const mailTextRoutes = [
  route({
    id: "mailTexts.list",
    method: "GET",
    path: "/mail-texts",
    summary: "List what each kind of mail says, in every language",
    guard: { permission: "settings:read" },
    answer: listOf(textAnswer),
    read: async (db) => wholeList((await listMailTexts(db)).map(shown)),
  }),
  route({
    id: "mailTexts.get",
    method: "GET",
    path: "/mail-texts/{kind}/{locale}",
    summary: "Show what a kind of mail says in one language",
    guard: { permission: "settings:read" },
    params: one,
    answer: textAnswer,
    read: async (db, { params }) => shown(await getMailText(db, params.kind, params.locale)),
  }),
  route({
    id: "mailTexts.set",
    method: "PATCH",
    path: "/mail-texts/{kind}/{locale}",
    summary: "Put the organization's own words into a kind of mail; null: Muster's again",
    guard: { permission: "settings:write" },
    params: one,
    body: changes,
    answer: textAnswer,
    current: "mailTexts.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      await setMailText(tx, params.kind, params.locale, given(body));
      return shown(await getMailText(tx, params.kind, params.locale));
    },
  }),
  route({
    id: "mailTexts.reset",
    method: "POST",
    path: "/mail-texts/{kind}/{locale}/reset",
    summary: "Take all of the organization's own words out of a kind of mail",
    guard: { permission: "settings:write" },
    params: one,
    answer: textAnswer,
    lock: "none",
    write: async (tx, { params }) => {
      await resetMailText(tx, params.kind, params.locale);
      return shown(await getMailText(tx, params.kind, params.locale));
    },
  }),
  route({
    id: "mailTexts.preview",
    method: "POST",
    path: "/mail-texts/{kind}/{locale}/preview",
    summary:
      "Show a mail as it would look with these words, with samples for people and links; nothing is kept or sent",
    guard: { permission: "settings:read" },
    params: one,
    body: changes,
    answer: written,
    act: ({ ctx, caller, params, body }) =>
      previewMail(ctx.db.of(caller.organization), params.kind, params.locale, given(body)),
  }),
];

function given(body: z.output<typeof changes>): Partial<OwnText> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function shown(found: MailText): z.input<typeof textAnswer> {
  const { names, required } = VARIABLES[found.kind];
  return {
    ...found,
    defaults: defaultsOf(found.kind, found.locale),
    variables: [...EVERYWHERE, ...names],
    required: [...required],
  };
}
