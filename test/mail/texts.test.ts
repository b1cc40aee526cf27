import { describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { LOCALES } from "../../src/identity/locales.ts";
import { previewMail } from "../../src/identity/mail-texts/preview.ts";
import { MAIL_WORDS, WORDINGS } from "../../src/identity/mail-texts/render.ts";
import { getMailText, type OwnText, resetMailText, setMailText } from "../../src/identity/mail-texts/texts.ts";
import { EVERYWHERE, MAIL_KINDS, type MailKind, PARTS, VARIABLES } from "../../src/identity/mail-texts/wording.ts";
import { setTimeZone } from "../../src/identity/time-zone.ts";
import { testContext } from "../harness/postgres.ts";
import { makeWorld } from "./world.ts";

const ctx = await testContext();
const world = await makeWorld(ctx, "acme");
const db = ctx.db.of(world.organization);
const set = (parts: Partial<OwnText>, kind: MailKind = "invitation") =>
  inTransaction(ctx, world.actor, (tx) => setMailText(tx, kind, "en", parts), { lock: "none" });
const reset = () => inTransaction(ctx, world.actor, (tx) => resetMailText(tx, "invitation", "en"), { lock: "none" });

describe.each(LOCALES)("in %s", (locale) => {
  test.each(MAIL_KINDS)("no word of the mail %s is missing, and each is said with samples", async (kind) => {
    const wording = WORDINGS[locale][kind];
    for (const part of PARTS) expect(wording[part].trim(), part).not.toBe("");
    const { subject, text, html } = await previewMail(db, kind, locale, {});
    expect(subject).not.toBe("");
    expect(`${subject} ${text} ${html}`).not.toMatch(/\{[{%]|undefined|\[object|null/);
    expect(html).toContain(`<html lang="${locale}">`);
    expect(html).not.toMatch(/<(?:img|script|link|style)|url\(|src=/i);
    for (const name of VARIABLES[kind].required) expect(wording.action, name).toContain(`{{ ${name} }}`);
  });

  test("no language says a mail in another one's words, and none leaves a command out", () => {
    for (const kind of MAIL_KINDS) {
      const [ours, english] = [WORDINGS[locale][kind], WORDINGS.en[kind]];
      const commands = (text: string) => text.split("\n").filter((line) => line.startsWith("  muster"));
      expect(commands(ours.action).length, kind).toBe(commands(english.action).length);
      if (locale !== "en") for (const part of PARTS) expect(ours[part], `${kind} ${part}`).not.toBe(english[part]);
    }
    expect(Object.values(MAIL_WORDS[locale]).every((word) => word !== "")).toBe(true);
  });
});

test("R60, R61: an organization says more in its own words, sees it beforehand, and takes it back; the audit has both", async () => {
  const own = {
    subject: "Welcome to {{ organization }}",
    outro: "Our help desk: +49 30 1234, {{ recipient }}\n\nSee you",
    message: "We are glad that you come",
  };
  const before = await previewMail(db, "invitation", "en", {});
  const seen = await previewMail(db, "invitation", "en", own);
  expect(seen.subject).toBe("Welcome to The acme company");
  expect(seen.text).toContain("Our help desk: +49 30 1234, ann@example.com");
  expect(seen.text).toContain("> We are glad that you come");
  expect(await previewMail(db, "invitation", "en", {})).toEqual(before);
  expect(await set(own)).toBe(true);
  expect(await set(own)).toBe(false);
  expect(await previewMail(db, "invitation", "en", {})).toEqual(seen);
  expect((await previewMail(db, "invitation", "de", {})).subject).toBe("Sie wurden eingeladen");
  expect(await reset()).toBe(true);
  expect(await reset()).toBe(false);
  expect(await previewMail(db, "invitation", "en", {})).toEqual(before);
  const rows = await db.query<{ detail: { before: OwnText; after: OwnText } }>({
    text: "select detail from audit where organization = $1 and action = 'mail-text.changed' order by id",
    values: [world.organization],
  });
  expect(rows.map(({ detail }) => [detail.before.subject, detail.after.subject])).toEqual([
    [null, own.subject],
    [own.subject, null],
  ]);
});

const LINK = "{{ link }} until {{ expires }}";

test.each<[Partial<OwnText>, string, string]>([
  [{ action: "Come soon" }, "/action", "{{ link }} must stay"],
  [{ action: "{{ link }}" }, "/action", "{{ expires }} must stay"],
  [{ action: `{% if false %}${LINK}{% endif %}` }, "/action", 'tag "if" not found'],
  [{ action: `{% comment %}${LINK}{% endcomment %}` }, "/action", "not found"],
  [{ action: `{{ link | slice: 0, 1 }} ${LINK.slice(11)}` }, "/action", "undefined filter: slice"],
  [{ action: `${LINK} {% for i in (1..100000000) %}x{% endfor %}` }, "/action", "not found"],
  [{ action: `${LINK} {% include '/etc/passwd' %}` }, "/action", "not found"],
  [{ action: `${LINK} {% render '../secret' %}` }, "/action", "not found"],
  [{ intro: "{{ constructor }}" }, "/intro", "there is no {{ constructor }}"],
  [{ intro: "{{ link.constructor.name }}" }, "/intro", "there is no {{ link.constructor.name }}"],
  [{ intro: "{{ message }}" }, "/intro", "there is no {{ message }}"],
  [{ intro: "{{ __proto__ }}" }, "/intro", "there is no"],
  [{ intro: "{{" }, "/intro", "no template"],
  [{ subject: "{{ recipient }} is invited" }, "/subject", "there is no {{ recipient }} here; there is organization"],
  [{ subject: "{{ link }}" }, "/subject", "there is no"],
  [{ subject: "Hello\r\nBcc: evil@x.example" }, "/subject", "one line"],
  [{ subject: "x".repeat(201) }, "/subject", "1 to 200"],
  [{ outro: " " }, "/outro", "1 to 4000"],
  [{ message: "x".repeat(501) }, "/message", "500 characters"],
])("R61: %j is refused at its place", async (parts, at, why) => {
  const before = await getMailText(db, "invitation", "en");
  await expect(set(parts)).rejects.toMatchObject({ code: "invalid", at, message: expect.stringContaining(why) });
  await expect(previewMail(db, "invitation", "en", parts)).rejects.toMatchObject({ code: "invalid", at });
  expect(await getMailText(db, "invitation", "en")).toEqual(before);
});

test("only invitations have a personal message", async () => {
  await expect(set({ message: "x" }, "removals")).rejects.toMatchObject({ code: "invalid", at: "/message" });
});

test.each(MAIL_KINDS)("every part of %s can name all that is offered for it", async (kind) => {
  const all = [...EVERYWHERE, ...VARIABLES[kind].names].map((name) => `{{ ${name} }}`).join(" ");
  const { text, subject } = await previewMail(db, kind, "en", {
    subject: "{{ organization }}",
    intro: all,
    action: all,
    outro: all,
  });
  expect(subject).toBe("The acme company");
  expect(text).not.toContain("{{");
});

test("what administrators write is text: no markup of theirs reaches the page, and only our link is one", async () => {
  const { html } = await previewMail(db, "invitation", "en", {
    intro: '<script>alert(1)</script><a href="https://evil.example">x</a>',
    action: `Press {{ link }} before {{ expires }}`,
  });
  expect(html).toContain("&lt;script&gt;");
  expect([...html.matchAll(/href="([^"]*)"/g)].map(([, to]) => to)).toEqual([
    "https://muster.example.com/i/mst_inv_SAMPLE",
    "https://muster.example.com/i/mst_inv_SAMPLE?never",
  ]);
});

test("R72: times stand in the organization's zone, and in UTC too", async () => {
  await inTransaction(ctx, world.actor, (tx) => setTimeZone(tx, "Asia/Tokyo"));
  expect((await previewMail(db, "invitation", "de", {})).text).toContain(
    "gilt bis 2030-01-31 20:00 (Asia/Tokyo), 2030-01-31 11:00 UTC",
  );
});
