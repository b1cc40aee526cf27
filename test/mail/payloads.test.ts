import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import PostalMime from "postal-mime";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type AddressChangeId, type AssignmentId, type InvitationId, newId } from "../../src/db/id.ts";
import { LOCALES } from "../../src/identity/locales.ts";
import { checkPart } from "../../src/identity/mail-texts/render.ts";
import { MAIL_KINDS, type MailKind, type Part } from "../../src/identity/mail-texts/wording.ts";
import { makeSend } from "../../src/mail/transport.ts";
import { writeMail } from "../../src/mail/write.ts";
import { PAYLOADS } from "../harness/payloads.ts";
import { scaled } from "../harness/scale.ts";

type Mail = Parameters<typeof writeMail>[0];
type Words = Mail["words"];

const LINK = "https://muster.example.com/i/mst_inv_SAMPLE";
const AT = "2030-01-31T11:00:00Z";

/** The words of each kind, with the text wherever somebody else's text can stand. */
const WORDS: { [Kind in MailKind]: (text: string) => Words & { kind: Kind } } = {
  invitation: (text) => ({
    kind: "invitation",
    expiresAt: new Date(AT),
    offers: [{ product: text, role: "user", url: null }],
    message: `See: ${text}`,
    messageLinks: false,
  }),
  removals: (directory) => ({ kind: "removals", directory, lost: 30, gone: 30, budget: 50, held: true }),
  "break-glass": (text) => ({ kind: "break-glass", name: text, address: text, at: AT }),
  "sign-up": (email) => ({ kind: "sign-up", email, by: "link" }),
  request: (email) => ({ kind: "request", email }),
  "guest-ending": (text) => ({
    kind: "guest-ending",
    assignment: newId<AssignmentId>(),
    guest: text,
    product: text,
    space: text,
    endsAt: AT,
  }),
  "email-change-new": () => ({ kind: "email-change-new", until: new Date(AT), change: newId<AddressChangeId>() }),
  "email-change-old": () => ({ kind: "email-change-old", until: new Date(AT), change: newId<AddressChangeId>() }),
  "delivery-problem": (text) => ({
    kind: "delivery-problem",
    invitation: newId<InvitationId>(),
    address: text,
    reason: "bounced",
    reply: text,
  }),
  account: (userName) => ({ kind: "account", userName }),
  password: (userName) => ({ kind: "password", userName, expiresAt: new Date(AT) }),
};

/** The text in the organization's own words, as far as an administrator may set it; nothing when none of it may stand. */
function ownWords(kind: MailKind, text: string): Mail["parts"] {
  const own = { subject: null, intro: null, action: null, outro: null } as Record<Part, string | null>;
  for (const part of ["subject", "intro", "outro"] as const)
    try {
      checkPart(kind, part, text);
      own[part] = text;
    } catch {}
  return Object.values(own).some((part) => part !== null) ? own : null;
}

const folder = await mkdtemp(join(tmpdir(), "muster-mails-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});
// The way of an installation without a mail server: the same message, in a file.
const send = makeSend({ mail: { ...loadConfig({}).mail, smtpUrl: undefined }, dataDirectory: folder });

/** A mail as another library than the one that wrote it reads it. */
async function sent(mail: Mail) {
  const written = writeMail(mail, LINK);
  const id = newId();
  const { outcome } = await send({
    id,
    from: { name: "Muster", address: "muster@example.com" },
    to: { name: "", address: mail.recipient },
    messageId: `<${id}@muster.example.com>`,
    locale: mail.locale,
    ...written,
  });
  expect(outcome).toBe("sent");
  return { written, received: await PostalMime.parse(await readFile(join(folder, "mail", `${id}.eml`))) };
}

type Shape = { tags: string[]; quoted: string[]; links: string[] };

/** What a browser that runs everything makes of a mail, without the words that somebody wrote. */
function shape(page: Page, html: string | undefined): Promise<Shape> {
  return page.evaluate(`(() => {
    document.open();
    document.write(${JSON.stringify(html ?? "").replaceAll("</", "<\\/")});
    document.close();
    return {
      tags: [...document.querySelectorAll("body *")].filter((one) => one.closest("blockquote") === null).map((one) => one.tagName),
      quoted: [...new Set([...document.querySelectorAll("blockquote *")].map((one) => one.tagName))],
      links: [...document.querySelectorAll("a")].map((anchor) => anchor.href),
    };
  })()`);
}

test.each(MAIL_KINDS)(
  "what 50 payloads put into the mail %s stays text in its place",
  {
    timeout: 600_000,
  },
  async (kind) => {
    expect(PAYLOADS.length).toBeGreaterThanOrEqual(50);
    const step = Math.round(PAYLOADS.length / scaled(PAYLOADS.length));
    const payloads = PAYLOADS.filter((_, at) => at % step === 0);
    const page = await browser.newPage();
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(request.url()));
    for (const locale of LOCALES) {
      const mail = (text: string, own: Mail["parts"] = null): Mail => ({
        organizationName: text,
        organizationKey: "acme",
        recipient: "ann@example.com",
        locale,
        timeZone: "Europe/Berlin",
        parts: own,
        words: WORDS[kind](text),
      });
      const plain = await sent(mail("Ann"));
      const expected = await shape(page, plain.received.html);
      for (const { text } of payloads.filter((_, at) => LOCALES[at % LOCALES.length] === locale)) {
        const { written, received } = await sent(mail(text));
        expect(received.to).toEqual(plain.received.to);
        expect(received.headers.map(({ key }) => key)).toEqual(plain.received.headers.map(({ key }) => key));
        expect(received.subject).toBe(written.subject);
        expect(received.attachments).toEqual([]);
        const seen = await shape(page, received.html);
        expect({ text, ...seen }).toEqual({ text, ...expected, quoted: expect.toSatisfy(onlyBreaks) });
        const own = ownWords(kind, text);
        if (own === null) continue;
        const said = await sent(mail("Ann", own));
        expect({ text, links: (await shape(page, said.received.html)).links }).toEqual({
          text,
          links: expected.links,
        });
      }
    }
    // What an event handler would do, it does once its element has been looked at.
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))");
    expect([await page.evaluate("globalThis.__muster_ran"), fetched]).toEqual([undefined, []]);
    await page.close();
  },
);

const onlyBreaks = (tags: string[]) => tags.every((tag) => tag === "BR");
