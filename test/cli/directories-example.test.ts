import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { csvSettings } from "../../connectors/csv/settings.ts";
import { googleWorkspaceSettings } from "../../connectors/google-workspace/settings.ts";
import { type ConnectorKind, isConnectorKind, settingsFault } from "../../connectors/index.ts";
import { ldapSettings } from "../../connectors/ldap/settings.ts";
import { readApplyFile } from "../../src/cli/apply/read.ts";
import type { WantedDirectory } from "../../src/cli/apply/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-directories-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = readFileSync(new URL("../../config/directories.yaml", import.meta.url), "utf8");
/** Keys that may be left out stand there commented out, as `# key: value`. */
const whole = text.replaceAll(/^( +)# ([a-zA-Z]+: )/gm, "$1$2");

function directoriesOf(yaml: string): Map<string, WantedDirectory> {
  const path = join(folder, "directories.yaml");
  writeFileSync(path, yaml);
  return new Map(readApplyFile(path).file.organizations[0]?.directories.map((one) => [one.kind, one]));
}

const OF_EVERY_KIND = ["name", "kind", "domainPolicy", "authoritativeDomains"];
const PULLED = ["firstRun", "every", "deltaEvery"];
const SHAPES: Readonly<Record<ConnectorKind, { shape: object; secret: string[]; elsewhere: string[] }>> = {
  csv: { shape: csvSettings.shape, secret: [], elsewhere: [] },
  // For tests.
  "google-workspace": { shape: googleWorkspaceSettings.shape, secret: ["keyFile"], elsewhere: ["endpoint"] },
  // What is a file here is text where it is stored.
  ldap: { shape: ldapSettings.shape, secret: ["bindPasswordFile"], elsewhere: ["ca", "clientCertificate"] },
};

describe("config/directories.yaml", () => {
  it("is a file for apply, as it stands and with all that is commented out", () => {
    expect([...directoriesOf(text).keys()]).toEqual(["scim", "google-workspace", "ldap", "csv", "internal"]);
    expect([...directoriesOf(whole).keys()]).toEqual(["scim", "google-workspace", "ldap", "csv", "internal"]);
  });

  it.each(Object.entries(SHAPES))("names every key of kind %s, with a value that it can have", (kind, of) => {
    const directory = directoriesOf(whole).get(kind);
    const own = [...Object.keys(of.shape), ...of.secret].filter((key) => !of.elsewhere.includes(key));
    const wanted = [...OF_EVERY_KIND, ...PULLED, ...own].sort();
    expect(Object.keys(directory ?? {}).sort()).toEqual(wanted);
    const settings = Object.fromEntries(
      Object.entries(directory ?? {})
        .filter(([key]) => own.includes(key) && !of.secret.includes(key))
        .map(([key, value]) => [key, /File$/.test(key) && key !== "caFile" ? `/${String(value)}` : value]),
    );
    if (!isConnectorKind(kind)) throw new Error(kind);
    expect(settingsFault(kind, settings)).toBeUndefined();
  });

  it("says at its head which of the keys that are left out stay as they are", () => {
    const [left, given] = [directoriesOf(text).get("scim"), directoriesOf(whole).get("scim")];
    const head = text.slice(0, text.indexOf("organizations:")).replaceAll("\n# ", " ");
    const stays = Object.keys(given ?? {}).filter((key) => !(key in (left ?? {})));
    expect(/Only (.*) stay as they are/.exec(head)?.[1]?.split(/, | and /)).toEqual(stays.sort());
  });

  it("shows the defaults", () => {
    const written = directoriesOf(whole);
    for (const [kind, parse] of [
      ["google-workspace", (settings: object) => googleWorkspaceSettings.parse(settings)],
      ["csv", (settings: object) => csvSettings.parse(settings)],
    ] as const) {
      const least = kind === "csv" ? { users: "people.csv" } : { admin: "muster@example.com" };
      for (const [key, value] of Object.entries(parse(least)))
        if (value !== undefined)
          expect([key, (written.get(kind) as Record<string, unknown>)[key]]).toEqual([key, value]);
    }
    for (const [key, value] of Object.entries(ldapSettings.parse({ url: "ldaps://x", bindDn: "x", base: "dc=x" })))
      if (!["url", "bindDn", "base", "attributes"].includes(key) && value !== undefined)
        expect([key, (written.get("ldap") as Record<string, unknown>)[key]]).toEqual([key, value]);
  });
});
