import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { writeMail } from "../../src/mail/write.ts";

const mail = {
  organizationName: "Acme & Söhne",
  organizationKey: "acme",
  recipient: "ann@example.com",
  locale: "en" as const,
  timeZone: "UTC",
  parts: null,
};
const words = {
  kind: "invitation" as const,
  expiresAt: new Date("2030-01-02T03:04:05Z"),
  offers: [{ product: "Wiki <b>", role: "user" as const, url: null }],
  message: null,
  messageLinks: false,
};
const link = "https://muster.example.com/i/mst_inv_x";

test("R72: text and HTML tell who invites, what it gives, for whom and until when", () => {
  const { text, html } = writeMail({ ...mail, words }, link);
  for (const part of ["Acme & Söhne", "Wiki <b> (user)", "ann@example.com", "2030-01-02 03:04 UTC", link])
    expect(text).toContain(part);
  for (const part of [
    "Acme &amp; Söhne",
    "Wiki &lt;b&gt; (user)",
    "ann@example.com",
    "2030-01-02 03:04 UTC",
    `href="${link}"`,
  ])
    expect(html).toContain(part);
});

test("names from outside are data: no markup, no template, no line of their own, none in the subject", () => {
  const name = '{{ link }}<script>x</script>"\r\nBcc: evil@x.test https://evil.example';
  const { subject, text, html } = writeMail(
    { ...mail, organizationName: name, words: { ...words, offers: [{ product: name, role: "user", url: null }] } },
    link,
  );
  expect(subject).toBe("You have been invited");
  expect(html).not.toContain("<script>");
  expect(html).toContain("{{ link }}&lt;script&gt;");
  expect(text.split("\n").some((line) => line.startsWith("Bcc:"))).toBe(false);
  expect(text).not.toContain("https://evil");
});

test("a person without access yet gets no empty list", async () => {
  const { text, html } = writeMail({ ...mail, words: { ...words, offers: [] } }, link);
  expect(text).not.toContain("You get access to");
  expect(html).not.toContain("<ul>");
  expect((await PostalMime.parse(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`)).html).toContain(link);
});
