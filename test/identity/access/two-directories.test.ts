import { describe, expect, test } from "vitest";
import { testContext } from "../../harness/postgres.ts";
import { effective, makeOrganization } from "./organization.ts";
import { expectModel } from "./stored.ts";

const ctx = await testContext();
let count = 0;

/** T1's world: C before P, jsmith in C/G1 and in P/G2, each group with a role on the wiki. */
async function twoDirectories(mode: "aggregating" | "masking") {
  const org = await makeOrganization(ctx, `two-${++count}`, mode);
  const wiki = await org.product("wiki", { hasGuests: true });
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [g1, g2] = [await org.group(c, "G1"), await org.group(p, "G2")];
  await org.grant(g1, wiki, "user");
  await org.grant(g2, wiki, "admin");
  const inC = await org.person(c, "jsmith", { email: "from-c@example.com" });
  const inP = await org.person(p, "jsmith", { email: "from-p@example.com" });
  await org.join(c, g1, inC.id);
  await org.join(p, g2, inP.id);
  const look = async () => {
    await expectModel(org.db, mode);
    const access = await org.access(inC.account, "wiki");
    return { groups: effective(access), role: access.role, reason: access.reason };
  };
  const profile = async () => {
    const [row] = await org.db.query<{ email: string }>({
      text: "select email from accounts where organization = $1 and id = $2",
      values: [org.id, inC.account],
    });
    return row?.email;
  };
  return { org, wiki, c, p, g1, g2, inC, inP, look, profile };
}

describe("aggregating", () => {
  test("T1: memberships of every directory count", async () => {
    const { inC, inP, look, profile } = await twoDirectories("aggregating");
    expect(inP.account).toBe(inC.account);
    expect(await look()).toEqual({ groups: ["G1", "G2"], role: "admin", reason: null });
    expect(await profile()).toBe("from-c@example.com");
  });

  test("T2: another order gives the same groups and the other profile", async () => {
    const { org, look, profile } = await twoDirectories("aggregating");
    await org.order("p", "c", "internal");
    expect(await look()).toEqual({ groups: ["G1", "G2"], role: "admin", reason: null });
    expect(await profile()).toBe("from-p@example.com");
  });
});

describe("masking", () => {
  test("T3: memberships of the first directory count, and follow the order", async () => {
    const { org, look } = await twoDirectories("masking");
    expect(await look()).toEqual({ groups: ["G1"], role: "user", reason: null });
    await org.order("p", "c", "internal");
    expect(await look()).toEqual({ groups: ["G2"], role: "admin", reason: null });
  });

  test("T5: a person who is only in the second directory is not masked", async () => {
    const { org, p, g2 } = await twoDirectories("masking");
    const other = await org.person(p, "ada");
    await org.join(p, g2, other.id);
    expect(effective(await org.access(other.account, "wiki"))).toEqual(["G2"]);
    await expectModel(org.db, "T5");
  });

  test("the organization's mode decides at once for everybody", async () => {
    const { org, look } = await twoDirectories("aggregating");
    await org.mode("masking");
    expect(await look()).toEqual({ groups: ["G1"], role: "user", reason: null });
    await org.mode("aggregating");
    expect(await look()).toEqual({ groups: ["G1", "G2"], role: "admin", reason: null });
  });
});

describe.each(["aggregating", "masking"] as const)("%s", (mode) => {
  test("T6: JSmith and jsmith are one person, canonical in the first directory", async () => {
    const { org, c, p } = await twoDirectories(mode);
    const inP = await org.person(p, "grace");
    const inC = await org.person(c, "Grace");
    expect(inC.account).toBe(inP.account);
    const rows = await org.db.query<{ userName: string; canonical: string }>({
      text: `select user_name as "userName", canonical from accounts where organization = $1 and user_name_key = 'grace'`,
      values: [org.id],
    });
    expect(rows).toEqual([{ userName: "Grace", canonical: inC.id }]);
    await expectModel(org.db, "T6");
  });

  test("T17: inactive in the first directory is inactive, whatever the second one says", async () => {
    const { org, inC, look } = await twoDirectories(mode);
    await org.update(inC, { active: false });
    expect(await look()).toEqual({ groups: [], role: null, reason: "deactivated" });
    await org.update(inC, { active: true });
    expect((await look()).role).toBe(mode === "masking" ? "user" : "admin");
  });

  test("a record that its own lower directory disabled opens nothing", async () => {
    const { org, inP, look } = await twoDirectories(mode);
    await org.update(inP, { active: false });
    expect(await look()).toEqual({ groups: ["G1"], role: "user", reason: null });
  });

  test("T18: what a directory last said stands while it says nothing", async () => {
    const { org, p, g2, look } = await twoDirectories(mode);
    const before = await look();
    const other = await org.person(p, "ada");
    await org.join(p, g2, other.id);
    expect(await look()).toEqual(before);
    expect((await org.access(other.account, "wiki")).role).toBe("admin");
  });

  test("T19: gone from the first directory, the person goes on as the second one has him, with the same id", async () => {
    const { org, inC, inP, look, profile } = await twoDirectories(mode);
    await org.remove(inC);
    expect(await look()).toEqual({ groups: ["G2"], role: "admin", reason: null });
    expect(await profile()).toBe("from-p@example.com");
    const mails = await org.db.query({ text: "select id from mails where organization = $1", values: [org.id] });
    expect(mails).toEqual([]);
    await org.remove(inP);
    expect(await look()).toEqual({ groups: [], role: null, reason: "deactivated" });
  });

  test("T21: a group of another directory with the name of a nested one gives nothing: {G2}", async () => {
    const org = await makeOrganization(ctx, `nested-${++count}`, mode);
    const wiki = await org.product("wiki");
    const [c, p] = [await org.directory("c"), await org.directory("p")];
    const [g1, g2InC, g2InP] = [await org.group(c, "G1"), await org.group(c, "G2"), await org.group(p, "G2")];
    await org.nest(c, g1, g2InC);
    for (const group of [g1, g2InC]) await org.grant(group, wiki, "admin");
    await org.grant(g2InP, wiki, "user");
    const jsmith = await org.person(p, "jsmith");
    await org.join(p, g2InP, jsmith.id);
    const access = await org.access(jsmith.account, "wiki");
    expect(effective(access)).toEqual(["G2"]);
    expect(access).toMatchObject({
      role: "user",
      trace: [{ directory: "p", group: "G2", role: "user", counts: true }],
    });
    await expectModel(org.db, "T21");
  });

  test("nested groups pass roles down inside their directory, circles included", async () => {
    const { org, c, g1, wiki, inC } = await twoDirectories(mode);
    const [above, top] = [await org.group(c, "above"), await org.group(c, "top")];
    await org.nest(c, above, g1);
    await org.nest(c, top, above);
    await org.nest(c, g1, top);
    await org.grant(top, wiki, "admin");
    expect(effective(await org.access(inC.account, "wiki"))).toEqual(
      mode === "masking" ? ["G1", "top"] : ["G1", "G2", "top"],
    );
    await expectModel(org.db, "circle");
  });

  test("T22: the same address under two user names is two people", async () => {
    const { org, c, p, g1, g2 } = await twoDirectories(mode);
    const one = await org.person(c, "a.lovelace", { email: "ada@example.com" });
    const two = await org.person(p, "alovelace", { email: "ada@example.com" });
    expect(one.account).not.toBe(two.account);
    await org.join(c, g1, one.id);
    await org.join(p, g2, two.id);
    expect((await org.access(one.account, "wiki")).role).toBe("user");
    expect((await org.access(two.account, "wiki")).role).toBe("admin");
  });

  test("T23: a second record of a name in one directory is refused and nobody changes", async () => {
    const { org, c, look } = await twoDirectories(mode);
    const before = await look();
    await expect(org.person(c, "JSMITH")).rejects.toMatchObject({ code: "uniqueness", at: "userName" });
    expect(await look()).toEqual(before);
  });

  test("T24: of a guest group and a member group the member's role stands, and both are told", async () => {
    const { org, c, wiki, inC } = await twoDirectories(mode);
    const guests = await org.group(c, "guests");
    await org.grant(guests, wiki, "guest");
    await org.join(c, guests, inC.id);
    const access = await org.access(inC.account, "wiki");
    expect(access).toMatchObject({ role: mode === "masking" ? "user" : "admin", allowed: true, reason: null });
    expect(effective(access)).toEqual(mode === "masking" ? ["G1", "guests"] : ["G1", "G2", "guests"]);
  });
});
