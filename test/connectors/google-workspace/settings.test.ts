import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConnectorError } from "../../../connectors/connector.ts";
import { googleWorkspaceConnector } from "../../../connectors/google-workspace/google-workspace-connector.ts";
import { matches } from "../../../connectors/google-workspace/selection.ts";
import { parseGoogleWorkspaceSettings } from "../../../connectors/google-workspace/settings.ts";
import { isConnectorKind, makeConnector, settingsFault } from "../../../connectors/index.ts";
import { keyFile } from "../../harness/fake-google-directory-token.ts";
import { ADMIN } from "./company.ts";

function refusal(settings: unknown, secret: string | null = keyFile()): ConnectorError {
  try {
    googleWorkspaceConnector(settings, secret);
  } catch (error) {
    if (error instanceof ConnectorError) return error;
    throw error;
  }
  throw new Error("the settings were taken");
}

describe("settings", () => {
  it("need nothing but the administrator", () => {
    expect(parseGoogleWorkspaceSettings({ admin: ADMIN })).toEqual({
      ...{ admin: ADMIN, customer: "my_customer", archivedIsInactive: true, deletedUsers: "absent", groupName: "name" },
      ...{ userPageSize: 500, groupPageSize: 200, memberPageSize: 200, quotaPerMinute: 2400, concurrency: 10 },
      ...{ answerSeconds: 60, maxAttempts: 8, retrySeconds: 300, retryDelaySeconds: 1 },
      ...{ maxUsers: 1_000_000, maxGroups: 200_000, maxMembersOfGroup: 500_000, maxMemberships: 10_000_000 },
    });
  });

  it.each([
    [{}, "admin"],
    [{ admin: "root" }, "admin"],
    [{ admin: ADMIN, customer: "my customer" }, "customer"],
    [{ admin: ADMIN, domains: [] }, "domains"],
    [{ admin: ADMIN, domains: ["example"] }, "domains.0"],
    [{ admin: ADMIN, domains: ["exa mple.com"] }, "domains.0"],
    [{ admin: ADMIN, organizationalUnits: ["Engineering"] }, "organizationalUnits.0"],
    [{ admin: ADMIN, organizationalUnits: ["/Engineering/"] }, "organizationalUnits.0"],
    [{ admin: ADMIN, groups: ["a b@example.com"] }, "groups.0"],
    [{ admin: ADMIN, userPageSize: 501 }, "userPageSize"],
    [{ admin: ADMIN, memberPageSize: 0 }, "memberPageSize"],
    [{ admin: ADMIN, quotaPerMinute: 59 }, "quotaPerMinute"],
    [{ admin: ADMIN, concurrency: 0 }, "concurrency"],
    [{ admin: ADMIN, colour: "red" }, "colour"],
    [{ admin: ADMIN, endpoint: "https://directory.example.com" }, "endpoint"],
    [{ admin: ADMIN, endpoint: "http://192.0.2.1" }, "endpoint"],
    [{ admin: ADMIN, endpoint: "http://localhost.example.com" }, "endpoint"],
    [{ admin: ADMIN, endpoint: "http://127.0.0.1@example.com" }, "endpoint"],
    [{ admin: ADMIN, endpoint: "http://127.0.0.1/path" }, "endpoint"],
    [{ admin: ADMIN, endpoint: "http://127.0.0.1.example.com" }, "endpoint"],
  ])("%j name what is wrong", (settings, key) => {
    const error = refusal(settings);
    expect(error.code).toBe("configuration");
    expect(error.message).toContain(`${key}:`);
  });

  it("are known by the kind", async () => {
    expect(isConnectorKind("google-workspace")).toBe(true);
    expect(settingsFault("google-workspace", { admin: ADMIN })).toBeUndefined();
    expect(settingsFault("google-workspace", { admin: "root" })).toMatchObject({ path: ["admin"] });
    await expect(makeConnector("google-workspace", { admin: ADMIN }, null)).rejects.toThrow(ConnectorError);
  });
});

describe("the key file", () => {
  const notRsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

  it.each([
    ["is missing", null],
    ["is missing", " "],
    ["is no JSON", `{"private_key": "hidden-text`],
    ["type", keyFile({ type: "authorized_user" })],
    ["client_email", keyFile({ client_email: "nobody" })],
    ["private_key", keyFile({ private_key: "-----BEGIN PRIVATE KEY-----\nhidden-text\n-----END PRIVATE KEY-----\n" })],
    ["private_key", keyFile({ private_key: notRsa })],
    ["universe_domain", keyFile({ universe_domain: "hidden-text.example" })],
    ["content", `"hidden-text"`],
  ])("%s: refused without showing what it holds", (words, secret) => {
    const error = refusal({ admin: ADMIN }, secret);
    expect(error.code).toBe("configuration");
    expect(error.message).toContain(words);
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toMatch(/hidden-text|BEGIN/);
  });
});

describe("the address of a group", () => {
  it.each([
    ["eng@example.com", "eng@example.com", true],
    ["eng@example.com", "en@example.com", false],
    ["eng@example.com", "*", true],
    ["eng@example.com", "eng*", true],
    ["eng@example.com", "*@example.com", true],
    ["eng@example.com", "e*g@*.com", true],
    ["eng@example.com", "e*n*g@example.com", true],
    ["eng@example.com", "*eng*eng*", false],
    ["aba", "ab*ba", false],
    ["abba", "ab*ba", true],
    ["ab", "a**b", true],
    ["eng@example.com", "eng@example.com*", true],
    ["eng@example.com", "eng@example.org*", false],
    ["axb", "a.b", false],
    ["", "*", true],
    ["", "", true],
  ])("%s and the pattern %s: %s", (text, pattern, expected) => {
    expect(matches(text, pattern)).toBe(expected);
  });

  it("is compared in time that grows with its length, whatever the pattern", () => {
    expect(matches("a".repeat(200_000), `${"*a".repeat(100)}b`)).toBe(false);
  });
});

it("Google's library is loaded by a read and by nothing before it", () => {
  const script = `
    import { createRequire } from "node:module";
    import { makeConnector } from "./connectors/index.ts";
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("/googleapis/build/src/"));
    const connector = await makeConnector("google-workspace", { admin: "${ADMIN}", endpoint: "http://127.0.0.1:1", maxAttempts: 1 }, process.env.KEY);
    const before = loaded().length;
    await connector.read(new AbortController().signal).next().catch(() => {});
    console.log(JSON.stringify({ before, after: loaded().map((path) => path.split("/src/")[1]).sort() }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, KEY: keyFile() },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  // Of the whole package only the administration's APIs.
  expect(JSON.parse(stdout)).toEqual({
    before: 0,
    after: ["datatransfer_v1.js", "directory_v1.js", "index.js", "reports_v1.js"].map((file) => `apis/admin/${file}`),
  });
});
