import fc from "fast-check";
import { expect, test } from "vitest";
import { shellWord } from "../../src/identity/shell-word.ts";
import { oneLine, parseRecipient, parseSender, personalLines } from "../../src/mail/address.ts";
import { scaled, seed } from "../harness/scale.ts";

test.each([
  ["Muster <muster@example.com>", { name: "Muster", address: "muster@example.com" }],
  ['"Acme, Inc." <no-reply@acme.example>', { name: "Acme, Inc.", address: "no-reply@acme.example" }],
  ["muster@localhost", { name: "", address: "muster@localhost" }],
  ["<muster@example.com>", { name: "", address: "muster@example.com" }],
])("the sender %s is understood", (text, sender) => {
  expect(parseSender(text)).toEqual(sender);
});

test.each(["", "Muster", "a@b.example, c@d.example", "Muster <a@b.example> <c@d.example>", "A <a b@c.example>"])(
  "the sender %j is a configuration error that names the key",
  (text) => {
    expect(() => parseSender(text)).toThrow(expect.objectContaining({ code: "configuration", at: "mail.from" }));
  },
);

test.each([
  "u@x.test, evil@x.test",
  "u@x.test\r\nBcc: evil@x.test",
  "a@allowed.example <b@evil.example>",
  "<u@x.test>evil@x.test",
  "u@x.test\u0000",
  '"u@x.test"@evil.example',
  "u@x.test;evil@x.test",
  "group: u@x.test;",
])("the recipient %j is nobody (a mail library would find somebody)", (text) => {
  expect(parseRecipient(text)).toBeUndefined();
});

test("whatever is let through as a recipient is one address without a separator in it", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom("@", ",", ";", "<", ">", "\r\n", " ", '"', "\\", "(", ")", ".", "a", "example.com"),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const recipient = parseRecipient(parts.join(""));
      if (recipient) expect(recipient.address).toMatch(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+$/);
    }),
    { numRuns: scaled(20_000), seed },
  );
});

test("somebody's text becomes one short line without controls or a scheme", () => {
  expect(oneLine("Acme\r\nBcc: x\u202e y")).toBe("Acme Bcc: x y");
  expect(oneLine("see https://evil.example/now")).toBe("see https evil.example/now");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const line = oneLine(text);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]|:\/\//u);
      expect(line.length).toBeLessThanOrEqual(80);
    }),
    { numRuns: scaled(10_000), seed },
  );
});

test("R59: nothing of a personal message is left that a mail program makes a link of", () => {
  expect(personalLines("Dear all,\nsee https://evil.example/now. Yours, A.")).toEqual([
    "Dear all,",
    "see https evil[.]example/now. Yours, A.",
  ]);
  for (const text of [
    "evil.example",
    "e\u0301vil.example",
    "\u{1f4a9}.example",
    "1.2.3.4",
    "a_.example",
    "x\u3002example",
  ])
    expect(personalLines(text).join()).toMatch(/\[\.\]/);
  expect(personalLines("\\\\\\\\server\\\\share")).toEqual(["server share"]);
  expect(personalLines(`${"x\n".repeat(100)}`)).toHaveLength(40);
});

test.each([
  ["ann@x.example", "ann@x.example"],
  ["a`id`@x.example", "'a`id`@x.example'"],
  ["a$b|sh&c@x.example", "'a$b|sh&c@x.example'"],
  ["o'hara@x.example", "'o'\\''hara@x.example'"],
  ["two words; rm", "'two words; rm'"],
])("%j is the one word %s of a command", (text, word) => {
  expect(shellWord(text)).toBe(word);
});
