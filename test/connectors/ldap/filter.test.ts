import { BerWriter } from "ldapts";
import { describe, expect, it } from "vitest";
import { parseFilter } from "../../../connectors/ldap/filter.ts";
import { parseLdapSettings } from "../../../connectors/ldap/settings.ts";

/** As it is sent, byte by byte. */
function sent(filter: string): string {
  const writer = new BerWriter();
  parseFilter(filter).write(writer);
  return writer.buffer.toString("latin1");
}

const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");

describe("a filter (RFC 4515)", () => {
  it("means the same whether letters stand in it or their bytes are escaped", () => {
    for (const [escaped, plain] of [
      ["(ou=M\\c3\\bcnchen)", "(ou=München)"],
      ["(!(ou=M\\C3\\BCnchen))", "(!(ou=München))"],
      [
        "(&(cn=*\\c3\\bc*)(|(sn>=\\e2\\82\\ac)(o:caseIgnoreMatch:=\\f0\\9f\\98\\80)))",
        "(&(cn=*ü*)(|(sn>=€)(o:caseIgnoreMatch:=😀)))",
      ],
      ["(cn=\\41\\c3\\a9\\42)", "(cn=AéB)"],
    ] as const)
      expect(sent(escaped), escaped).toBe(sent(plain));
  });

  it("keeps what is escaped apart from syntax", () => {
    expect(sent("(cn=a\\2a\\28\\29\\5cc3\\00)")).toContain("\x04\x08a*()\\c3\x00");
    expect(sent("(cn=\\c3\\bc\\2a\\29)")).toContain(bytes("0404c3bc2a29"));
  });

  it("sends bytes that are no text as they are", () => {
    expect(sent("(objectGUID=\\9c\\00\\ff\\28\\41)")).toContain(bytes("04059c00ff2841"));
    expect(sent("(|(jpegPhoto=a\\ffb)(cn=\\c3\\bc))")).toContain(bytes("040361ff62"));
  });

  it("is refused when it is cut off, or says bytes where only text can be sent", () => {
    for (const userFilter of [
      "(&(objectClass=person)(ou=a)",
      "(|(ou=a)(ou=b)",
      "(cn=a))",
      "(cn=\\ff*)",
      "(cn>=\\ff)",
      "(cn=\\f)",
    ])
      expect(
        () => parseLdapSettings({ url: "ldap://localhost", bindDn: "cn=r", base: "dc=x", userFilter }),
        userFilter,
      ).toThrow("userFilter: is not an LDAP filter");
  });
});
