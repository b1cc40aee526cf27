import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalDomain, emailDomain, emailKey, userNameKey } from "../../src/identity/keys.ts";

describe("user name keys (RFC 7643 §4.1.1: not case exact)", () => {
  test("folding twice changes nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (name) => {
        expect(userNameKey(userNameKey(name))).toBe(userNameKey(name));
      }),
      { numRuns: 5_000 },
    );
  });

  test("composed and decomposed, upper and lower case are one name", () => {
    expect(userNameKey("JÜRGEN")).toBe(userNameKey("ju\u0308rgen"));
    expect(userNameKey("JSmith")).toBe(userNameKey("jsmith"));
  });

  test("letters that only look alike stay apart", () => {
    expect(userNameKey("jsmith")).not.toBe(userNameKey("jsm\u0456th"));
    expect(userNameKey("x2")).not.toBe(userNameKey("x²"));
  });
});

describe("e-mail keys", () => {
  test("one plain address becomes canonical", () => {
    expect(emailKey("Ann.Roe@Example.COM")).toBe("ann.roe@example.com");
    expect(emailKey("ann@example.com.")).toBe("ann@example.com");
    expect(emailKey("ann@bücher.example")).toBe("ann@xn--bcher-kva.example");
  });

  test.each([
    "",
    "ann",
    "@example.com",
    "ann@",
    "ann@example.com, eve@evil.example",
    "ann@evil.example\r\nBcc: x@y.example",
    "<ann@example.com>",
    "Ann <ann@example.com>",
    '"ann"@example.com',
    "ann@example.com\u0000",
    "a..b@example.com",
    ".a@example.com",
    "ann@-example.com",
    "ann@exa mple.com",
    "ann@[127.0.0.1]",
    `${"a".repeat(65)}@example.com`,
    `a@${"b.".repeat(130)}com`,
  ])("%j is refused", (text) => {
    expect(emailKey(text)).toBeNull();
  });

  test("the key of a key is itself, and carries its domain", () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    fc.assert(
      fc.property(label, label, label, (local, domain, top) => {
        const key = emailKey(`${local}@${domain}.${top}`);
        fc.pre(key !== null);
        expect(emailKey(key as string)).toBe(key);
        expect(canonicalDomain(emailDomain(key as string))).toBe(emailDomain(key as string));
      }),
    );
  });
});
