import type { Db } from "../../db/connection.ts";
import type { Locale } from "../locales.ts";
import { getOrganization } from "../organizations.ts";
import { shownInstant } from "../time-zone.ts";
import { MAIL_WORDS, renderMail, type Written } from "./render.ts";
import { getMailText, type OwnText, withParts } from "./texts.ts";
import { type MailKind, VARIABLES } from "./wording.ts";

const LINK = "https://muster.example.com/i/mst_inv_SAMPLE";

/**
 * A mail as it would look with these words, for nobody: people, links and instants are samples. Changes nothing.
 * @param parts what is not kept yet; what is left out stands as it does.
 * @throws MusterError `invalid` as for `setMailText`.
 */
export async function previewMail(db: Db, kind: MailKind, locale: Locale, parts: Partial<OwnText>): Promise<Written> {
  const { name, key, timeZone } = await getOrganization(db);
  const own = withParts(kind, (await getMailText(db, kind, locale)).own, parts);
  const words = MAIL_WORDS[locale];
  const instant = shownInstant(new Date("2030-01-31T11:00:00Z"), timeZone);
  const links =
    kind === "invitation"
      ? { main: LINK, footer: { words: words.never, link: `${LINK}?never` } }
      : VARIABLES[kind].required.includes("link")
        ? { main: LINK }
        : {};
  return renderMail(
    kind,
    locale,
    own,
    {
      organization: name,
      key,
      recipient: "ann@example.com",
      message: own.message?.split("\n") ?? [],
      offers: [{ product: "Wiki", role: words.user }],
      link: LINK,
      expires: instant,
      ends: instant,
      at: instant,
      directory: "okta",
      lost: 30,
      gone: 30,
      budget: 50,
      held: true,
      name: "emergency",
      address: "bob@example.com",
      email: "bob@example.com",
      word: "bob@example.com",
      by: "link",
      guest: "bob@example.com",
      space: "docs",
      product: "wiki",
      reason: "bounced",
      reply: "550 5.1.1 no such user",
      userName: "ann@example.com",
    },
    links,
  );
}
