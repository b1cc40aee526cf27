import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { loadSecretKey, openSecret, type SecretPlace, sealSecret } from "../../src/identity/secrets.ts";
import { scaled, seed } from "../harness/scale.ts";

const directory = mkdtempSync(join(tmpdir(), "muster-secrets-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the key", () => {
  it("is made once, for its owner's eyes only, and leaves no draft behind", () => {
    const dataDirectory = join(directory, "new");
    const key = loadSecretKey({ dataDirectory });
    expect(loadSecretKey({ dataDirectory }).equals(key)).toBe(true);
    expect(statSync(join(dataDirectory, "secret.key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDirectory)).toEqual(["secret.key"]);
  });

  it("is refused when the named file is missing or no key", () => {
    const secretKeyFile = join(directory, "bad.key");
    const load = () => loadSecretKey({ secretKeyFile, dataDirectory: directory });
    expect(load).toThrow(expect.objectContaining({ code: "configuration" }));
    for (const text of ["", "short", randomBytes(31).toString("base64"), `${randomBytes(32).toString("hex")}`]) {
      writeFileSync(secretKeyFile, text);
      expect(load).toThrow(expect.objectContaining({ code: "configuration" }));
    }
    writeFileSync(secretKeyFile, `${randomBytes(32).toString("base64")}\n`);
    expect(load()).toHaveLength(32);
  });
});

describe("a sealed secret", () => {
  const key = loadSecretKey({ dataDirectory: join(directory, "seal") });
  const place: SecretPlace = { organization: "o", table: "directories", column: "secret", row: "r" };

  it("opens to the same text, and two seals of it differ", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const utf8 = Buffer.from(text, "utf8").toString("utf8");
        const sealed = sealSecret(key, place, utf8);
        expect(openSecret(key, place, sealed)).toBe(utf8);
        expect(sealSecret(key, place, utf8).equals(sealed)).toBe(false);
      }),
      { numRuns: scaled(1_000), seed },
    );
  });

  it("does not open elsewhere, with another key, or with any bit changed", () => {
    const sealed = sealSecret(key, place, "swordfish");
    const other = loadSecretKey({ dataDirectory: join(directory, "other") });
    const refused = expect.objectContaining({ code: "configuration" });
    for (const part of ["organization", "table", "column", "row"] as const)
      expect(() => openSecret(key, { ...place, [part]: "x" }, sealed)).toThrow(refused);
    expect(() => openSecret(other, place, sealed)).toThrow(refused);
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => openSecret(key, place, changed)).toThrow(refused);
      }),
      { numRuns: scaled(500), seed },
    );
    for (let length = 0; length < sealed.length; length++)
      expect(() => openSecret(key, place, sealed.subarray(0, length))).toThrow(refused);
  });
});
