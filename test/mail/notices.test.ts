import { expect, test } from "vitest";
import { writeMail } from "../../src/mail/write.ts";

const mail = {
  organizationName: "Acme",
  organizationKey: "acme",
  recipient: "boss@acme.example",
  locale: "en" as const,
  timeZone: "UTC",
  parts: null,
};

test("R121: a stranger's address runs nothing in the shell of the administrator who copies the command, and is no markup", () => {
  const { text, html, subject } = writeMail(
    { ...mail, words: { kind: "sign-up", email: "-a`id`&b'c@x.example", by: "link" } },
    "",
  );
  expect(text).toContain("  muster user show --org acme -- '-a`id`&b'\\''c@x.example'\n");
  expect(html).toContain("&amp;b");
  expect(subject).toBe("Somebody signed up");
  expect(writeMail({ ...mail, words: { kind: "request", email: "a&b@x.example" } }, "").html).toContain(
    "a&amp;b@x.example",
  );
});

test("R126: nor does a guest's user name", () => {
  const notice = {
    kind: "guest-ending" as const,
    assignment: "x" as never,
    product: "wiki",
    space: "docs",
    endsAt: "2027-01-31T00:00:00Z",
  };
  const { text, html } = writeMail({ ...mail, words: { ...notice, guest: "gus; rm -r $HOME <b>" } }, "");
  expect(text).toContain("  muster guest extend --product wiki --for 30d --org acme -- 'gus; rm -r $HOME <b>'\n");
  expect(html).not.toContain("<b>");
});
