import { describe, expect, it } from "vitest";
import { layoutOf } from "../../../connectors/ldap/layout.ts";
import { memberReader } from "../../../connectors/ldap/members.ts";
import type { LdapSession } from "../../../connectors/ldap/session.ts";
import { parseLdapSettings } from "../../../connectors/ldap/settings.ts";
import { emptySnapshot } from "../../../connectors/ldap/snapshot.ts";
import { entryOf } from "./entry-of.ts";

const GROUP = "CN=staff,DC=example,DC=com";

/** Reads a group of this many members from a server that gives one of them at a time; tells the questions that were asked. */
async function askedOneByOne(members: number) {
  const part = (at: number) =>
    entryOf({ [`member;range=${at}-${at + 1 === members ? "*" : at}`]: `CN=m${at},DC=elsewhere` }, GROUP);
  let asked = 0;
  const entry = (_: string, [description = ""]: readonly string[]) => {
    asked += 1;
    return Promise.resolve(part(Number(/range=(\d+)-/.exec(description)?.[1])));
  };
  const session = { root: entryOf({ forestFunctionality: "7" }), port: 636, entry } as unknown as LdapSession;
  const settings = parseLdapSettings({ url: "ldaps://dc1", bindDn: "cn=r", base: "DC=example,DC=com" });
  const snapshot = emptySnapshot();
  const reader = memberReader(session, snapshot, layoutOf(settings, session));
  const error = await Array.fromAsync(reader.of(part(0), "staff")).catch((failure: unknown) => failure);
  return { asked, error, strangers: snapshot.oddityCount };
}

describe("a list of members in ranges", () => {
  it("may have ten thousand of them", async () => {
    expect(await askedOneByOne(10_000)).toEqual({ asked: 9_999, error: [], strangers: 10_000 });
  });

  it("is not asked for for ever", async () => {
    const { asked, error } = await askedOneByOne(50_000);
    expect(error).toMatchObject({ code: "limit", message: expect.stringContaining(GROUP) });
    expect(asked).toBe(10_000);
  });
});
