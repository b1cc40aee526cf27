import { describe, expect, it } from "vitest";
import { layoutOf } from "../../../connectors/ldap/layout.ts";
import { memberReader } from "../../../connectors/ldap/members.ts";
import type { LdapSession } from "../../../connectors/ldap/session.ts";
import { parseLdapSettings } from "../../../connectors/ldap/settings.ts";
import { emptySnapshot } from "../../../connectors/ldap/snapshot.ts";
import { entryOf } from "./entry-of.ts";

const BASE = "DC=example,DC=com";
const GROUP = `CN=staff,${BASE}`;
const settings = parseLdapSettings({ url: "ldaps://dc1", bindDn: "cn=r", base: BASE });

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
  const snapshot = emptySnapshot();
  const reader = memberReader(session, snapshot, layoutOf(settings, session));
  const error = await Array.fromAsync(reader.of(part(0), "staff")).catch((failure: unknown) => failure);
  return { asked, error, strangers: snapshot.oddityCount };
}

/** Reads a group of the people in `list`, five of them a range; `meanwhile` is called before each question. */
async function readWhile(list: number[], meanwhile: (asked: number) => unknown) {
  const part = (from: number) => {
    const to = from + 5 >= list.length ? "*" : from + 4;
    return entryOf(
      { [`member;range=${from}-${to}`]: list.slice(from, from + 5).map((at) => `CN=m${at},${BASE}`) },
      GROUP,
    );
  };
  let asked = 0;
  const entry = (_: string, [description = ""]: readonly string[]) => {
    asked += 1;
    meanwhile(asked);
    return Promise.resolve(part(Number(/range=(\d+)-/.exec(description)?.[1] ?? 0)));
  };
  const session = { root: entryOf({ forestFunctionality: "7" }), port: 636, entry } as unknown as LdapSession;
  const snapshot = emptySnapshot();
  for (let at = 0; at < 200; at++)
    snapshot.users.byName.add(`cn=m${at},dc=example,dc=com`, snapshot.users.ids.add(`${at}`) ?? 0);
  const reader = memberReader(session, snapshot, layoutOf(settings, session));
  const taken: number[] = [];
  try {
    for await (const { users } of reader.of(part(0), "staff")) taken.push(...users.map(Number));
    return { taken, error: null };
  } catch (error) {
    return { taken, error };
  }
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

  it("that changes while it is read is read anew, so that nobody slips from one range into another", async () => {
    const all = Array.from({ length: 20 }, (_, number) => number);
    for (const [what, change] of Object.entries({
      "one of the first goes": (list: number[]) => list.splice(2, 1),
      "one of the first goes, another comes": (list: number[]) => list.splice(2, 1) && list.push(99),
      "one comes before them": (list: number[]) => list.unshift(99),
    })) {
      const list = [...all];
      const { taken, error } = await readWhile(list, (asked) => asked === 2 && change(list));
      expect({ what, taken, error }).toEqual({ what, taken: expect.arrayContaining(list), error: null });
      expect(taken, what).toHaveLength(new Set(taken).size);
    }
  });

  it("that changes again and again ends in an error", async () => {
    const list = Array.from({ length: 20 }, (_, number) => number);
    const { error } = await readWhile(list, () => list.splice(0, 1, list.length + 100, list.length + 200));
    expect(error).toMatchObject({ code: "incomplete", message: expect.stringContaining("changed while it was read") });
  });
});
