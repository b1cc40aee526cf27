import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createDirectoryUser } from "../../src/identity/directory-users/create.ts";
import type { DirectoryUserInput } from "../../src/identity/directory-users/directory-user.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { CLIENT_SCOPES, parseScopes } from "../../src/identity/scopes.ts";
import { hashToken, newTokenText, tokenKind } from "../../src/identity/token-form.ts";
import {
  createToken,
  findToken,
  listTokens,
  type NewToken,
  revokeToken,
  rotateDirectoryToken,
} from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

describe("the form of a token", () => {
  it("is prefix, 43 characters and 6 of checksum, and says its kind", () => {
    for (const kind of ["scim", "api", "inv", "lnk", "cli"] as const) {
      const text = newTokenText(kind);
      expect(text).toMatch(new RegExp(`^mst_${kind}_[0-9A-Za-z]{49}$`));
      expect(tokenKind(text)).toBe(kind);
    }
  });

  it("holds all of 256 bits, the smallest and the largest too", () => {
    for (const byte of [0, 255]) {
      const text = newTokenText("api", Buffer.alloc(32, byte));
      expect(text).toHaveLength("mst_api_".length + 49);
      expect(tokenKind(text)).toBe("api");
    }
  });

  it("refuses every text with one character changed, missing or added", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(),
        fc.constantFrom(...ALPHABET),
        (secret, place, character) => {
          const text = newTokenText("scim", Buffer.from(secret));
          const at = place % text.length;
          fc.pre(text[at] !== character);
          expect(tokenKind(text.slice(0, at) + character + text.slice(at + 1))).toBeUndefined();
          expect(tokenKind(text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
          expect(tokenKind(text.slice(0, at) + character + text.slice(at))).toBeUndefined();
        },
      ),
      { numRuns: scaled(5_000), seed },
    );
  });

  it("refuses arbitrary text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => tokenKind(text) === undefined),
      { numRuns: scaled(5_000), seed },
    );
  });

  it("changes its checksum with its kind, so that a relabelled token is refused", () => {
    const text = newTokenText("scim");
    expect(tokenKind(text.replace("mst_scim_", "mst_api_"))).toBeUndefined();
  });
});

describe("tokens at rest", async () => {
  const ctx = await testContext();
  const actor: Actor = { organization: newId<OrganizationId>(), kind: "command", id: "test", requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
  const directory = await write(async (tx) => {
    await createOrganization(tx, { key: "acme" });
    return addDirectory(tx, { name: "okta", kind: "scim" });
  });

  it("are found by their text, and only SHA-256 is stored", async () => {
    const made = await write((tx) => createToken(tx, { directory: directory.id }));
    expect(await findToken(ctx.db, made.token)).toEqual({
      organization: actor.organization,
      id: made.id,
      directory: directory.id,
      product: null,
      client: null,
      scopes: null,
      subject: null,
      profile: "generic",
      requireIfMatch: false,
      switched: false,
      schemaVersion: 0,
      expiresIn: expect.closeTo(365 * 86_400, -2),
      permissions: null,
      scopeKind: "organization",
      scopeId: null,
      owner: null,
    });
    const [row] = await ctx.db.of(actor.organization).query<{ hash: Buffer }>({
      text: "select hash from tokens where organization = $1 and id = $2",
      values: [actor.organization, made.id],
    });
    expect(row?.hash.equals(hashToken(made.token))).toBe(true);
  });

  it("are refused without a query when they are malformed or of another kind", async () => {
    const { token } = await write((tx) => createToken(tx, { administration: true }));
    const asked: unknown[] = [];
    const listening = new Proxy(ctx.db, {
      get: (target, key) => {
        asked.push(key);
        return Reflect.get(target, key);
      },
    });
    expect(await findToken(listening, token, "scim")).toBeUndefined();
    expect(await findToken(listening, `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`)).toBeUndefined();
    expect(await findToken(listening, "")).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("end at once when revoked, and at their expiry by the database's clock", async () => {
    const made = await write((tx) => createToken(tx, { administration: true }));
    await write((tx) => revokeToken(tx, made.id));
    await until("it is refused", 60, async () => (await findToken(ctx.db, made.token)) === undefined);
    await expect(write((tx) => revokeToken(tx, made.id))).rejects.toMatchObject({ code: "not-found" });
    await expect(
      write((tx) => createToken(tx, { administration: true }, new Date(Date.now() - 1000))),
    ).rejects.toMatchObject({
      code: "invalid-value",
    });
  });

  it("rotate with an overlap: old and new both work, without it only the new one", async () => {
    const first = await write((tx) => createToken(tx, { directory: directory.id }, null));
    const second = await write((tx) => rotateDirectoryToken(tx, directory.id));
    expect(await findToken(ctx.db, first.token)).toBeDefined();
    const info = (await listTokens(ctx.db.of(actor.organization))).find((one) => one.id === first.id);
    expect(info?.expiresAt).not.toBeNull();
    const third = await write((tx) => rotateDirectoryToken(tx, directory.id, 0));
    for (const { token } of [first, second])
      await until("it is refused", 60, async () => (await findToken(ctx.db, token)) === undefined);
    expect((await findToken(ctx.db, third.token))?.directory).toBe(directory.id);
  });

  it("overlap, any number of them, and end one by one", async () => {
    const made = await write(async (tx) => [
      await createToken(tx, { directory: directory.id }, null, { name: "first" }),
      await createToken(tx, { directory: directory.id }, null, { name: "second", scopes: ["users:read"] }),
      await createToken(tx, { directory: directory.id }, null, { name: "third" }),
    ]);
    const [first, second, third] = made as [NewToken, NewToken, NewToken];
    expect((await findToken(ctx.db, second.token))?.scopes).toEqual(["users:read"]);
    await write((tx) => revokeToken(tx, second.id));
    await until("the second is refused", 60, async () => (await findToken(ctx.db, second.token)) === undefined);
    expect([await findToken(ctx.db, first.token), await findToken(ctx.db, third.token)]).toEqual([
      expect.objectContaining({ id: first.id, scopes: null }),
      expect.objectContaining({ id: third.id, scopes: null }),
    ]);
    const names = (await listTokens(ctx.db.of(actor.organization), directory.id)).map((one) => one.name);
    expect(names).toEqual(expect.arrayContaining(["first", "third"]));
    expect(names).not.toContain("second");
  });

  it("end at their instant by the database's clock, also when it is moved", async () => {
    const made = await write((tx) => createToken(tx, { directory: directory.id }, { seconds: 3_600 }));
    expect((await findToken(ctx.db, made.token))?.expiresIn).toBeCloseTo(3_600, -2);
    // Earlier than now by the database's clock, whatever this process's says.
    await statements(ctx.database.superuserUrl, [
      `update muster.tokens set expires_at = now() - interval '1 millisecond' where id = '${made.id}'`,
    ]);
    await until("it has ended", 60, async () => (await findToken(ctx.db, made.token)) === undefined);
    expect((await listTokens(ctx.db.of(actor.organization))).map((one) => one.id)).not.toContain(made.id);
    await statements(ctx.database.superuserUrl, [
      `update muster.tokens set expires_at = now() + interval '1 day' where id = '${made.id}'`,
    ]);
    expect((await findToken(ctx.db, made.token))?.id).toBe(made.id);
  });

  it("can be a person's, and end with the person", async () => {
    const person = await createDirectoryUser(ctx, actor, directory.id, newPerson("ann"));
    const facts = { scopes: ["me"] as const, subject: person.id };
    const { token } = await write((tx) => createToken(tx, { directory: directory.id }, null, facts));
    expect(await findToken(ctx.db, token)).toMatchObject({ scopes: ["me"], subject: person.id });
    await statements(ctx.database.superuserUrl, [
      `update muster.directory_users set active = false where id = '${person.id}'`,
    ]);
    await until("it is refused", 60, async () => (await findToken(ctx.db, token)) === undefined);
  });

  it.each([
    ["a scope of a person without one", { scopes: ["me"] as const }, "invalid-value"],
    ["a person that is not there", { subject: newId<DirectoryUserId>() }, "not-found"],
    ["a name without a character", { name: "" }, "invalid-value"],
    ["a name that is too long", { name: "x".repeat(257) }, "invalid-value"],
    ["a name that cannot be stored", { name: "a\0b" }, "invalid-value"],
  ])("are not made for %s", async (_what, facts, code) => {
    const before = (await listTokens(ctx.db.of(actor.organization))).length;
    await expect(write((tx) => createToken(tx, { directory: directory.id }, null, facts))).rejects.toMatchObject({
      code,
    });
    expect(await listTokens(ctx.db.of(actor.organization))).toHaveLength(before);
  });

  it("are no person's of another directory", async () => {
    const other = await write((tx) => addDirectory(tx, { name: "entra", kind: "scim" }));
    const foreign = await createDirectoryUser(ctx, actor, other.id, newPerson("bob"));
    await expect(
      write((tx) => createToken(tx, { directory: directory.id }, null, { subject: foreign.id })),
    ).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("scopes", () => {
  it("stand in one order, each once, and none named means all", () => {
    expect(parseScopes(["me", "users:read", "me"])).toEqual(["users:read", "me"]);
    expect(parseScopes([])).toBeNull();
  });

  it("are refused by name, with those that there are", () => {
    for (const unknown of ["users", "USERS:READ", "toString", "", "users:read users:write"])
      expect(() => parseScopes(["users:read", unknown])).toThrow(
        expect.objectContaining({
          code: "invalid-value",
          message: `there is no scope ${unknown}; the scopes are users:read, users:write, groups:read, groups:write, me`,
        }),
      );
    expect(() => parseScopes(["me"], CLIENT_SCOPES)).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });
});

function newPerson(userName: string): DirectoryUserInput {
  return {
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: null,
    userName,
    active: true,
    email: null,
    displayName: null,
    resource: {},
    contentHash: null,
  };
}
