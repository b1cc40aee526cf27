import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { hashToken, newTokenText, tokenKind } from "../../src/identity/token-form.ts";
import { createToken, findToken, listTokens, revokeToken, rotateDirectoryToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

describe("the form of a token", () => {
  it("is prefix, 43 characters and 6 of checksum, and says its kind", () => {
    for (const kind of ["scim", "api", "inv", "lnk"] as const) {
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
      schemaVersion: 0,
      expiresIn: expect.closeTo(365 * 86_400, -2),
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
    expect(await findToken(ctx.db, made.token)).toBeUndefined();
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
    expect(await findToken(ctx.db, first.token)).toBeUndefined();
    expect(await findToken(ctx.db, second.token)).toBeUndefined();
    expect((await findToken(ctx.db, third.token))?.directory).toBe(directory.id);
  });
});
