import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { googleWorkspaceConnector } from "../../../connectors/google-workspace/google-workspace-connector.ts";
import { type FakeGoogle, type FakeOptions, startFakeGoogle } from "../../harness/fake-google-directory.ts";
import type { Fault } from "../../harness/fake-google-directory-faults.ts";
import { refuse, send } from "../../harness/fake-google-directory-faults.ts";
import { CLIENT_ID, keyFile, SERVICE_ACCOUNT } from "../../harness/fake-google-directory-token.ts";
import { failureOf } from "../ldap/read-all.ts";
import { ADMIN, company, connectorFor, group, member, person, QUICK } from "./company.ts";

const otherKey = String(
  generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }),
);

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

async function failure(options: FakeOptions, settings: object = {}) {
  fake = await startFakeGoogle(company([person(1)], [group(1, [member(person(1))])]), options);
  const error = await failureOf(connectorFor(fake, { maxAttempts: 2, ...settings }));
  expect(`${error.message}${error.stack}${String(error.cause)}`).not.toMatch(/ya29|BEGIN|eyJ/);
  return error;
}

describe("what an administrator is told", () => {
  it.each<[string, FakeOptions, object, string, string[]]>([
    [
      "no delegation, or a scope too few: which client, which scopes, where",
      { scopes: [] },
      {},
      "credentials",
      [
        CLIENT_ID,
        "admin.directory.user.readonly,https://",
        "group.readonly",
        "admin.google.com",
        "domain-wide delegation",
      ],
    ],
    [
      "a revoked key",
      { publicKey: otherKey },
      {},
      "credentials",
      ["0a1b2c3d4e5f", SERVICE_ACCOUNT, "Google Cloud console"],
    ],
    ["a clock that is behind", { clockAhead: 3900 }, {}, "configuration", ["65 minutes behind Google's", "NTP"]],
    ["a clock that is ahead", { clockAhead: -600 }, {}, "configuration", ["10 minutes ahead of Google's"]],
    ["an administrator who is none", { admins: [] }, {}, "configuration", [ADMIN, "primary address"]],
    ["a wrong customer", {}, { customer: "C0wrong00" }, "configuration", ["customer", "C0wrong00"]],
    [
      "a quota that is used up while a domain is looked for, which says nothing of the domain",
      {
        onRequest: (phase, _page, _fake, response) => phase === "domain" && refuse(response, 403, "dailyLimitExceeded"),
      },
      { domains: ["example.com"] },
      "limit",
      ["used up for today"],
    ],
    [
      "a wrong domain",
      {},
      { domains: ["example.com", "wrong.example"] },
      "configuration",
      ["domains", "wrong.example"],
    ],
    ["a wrong unit", {}, { organizationalUnits: ["/Nowhere"] }, "configuration", ["organizationalUnits", "/Nowhere"]],
  ])("%s", async (_, options, settings, code, words) => {
    const error = await failure(options, settings);
    expect(error.code, error.message).toBe(code);
    for (const word of words) expect(error.message).toContain(word);
  });

  it.each<[Fault, string, string]>([
    ["401", "credentials", "access token"],
    ["403-forbidden", "credentials", "Admin roles"],
    ["403-insufficientPermissions", "credentials", "domain-wide delegation"],
    ["403-accessNotConfigured", "configuration", "Admin SDK API"],
    ["403-domainCannotUseApis", "configuration", "API controls"],
    ["403-dailyLimitExceeded", "limit", "today"],
    ["403-rateLimitExceeded", "limit", "quotaPerMinute"],
    ["403-quotaExceeded", "limit", "after 2 attempts"],
    ["429", "limit", "quotaPerMinute"],
    ["412", "incomplete", "broke off"],
    ["500", "unreachable", "after 2 attempts"],
    ["502-html", "unreachable", "502"],
    ["half-json", "protocol", "broke off in the middle"],
    ["drop", "unreachable", "no whole answer"],
    ["login-page", "protocol", "proxy"],
    ["redirect", "protocol", "proxy"],
    ["wrong-content-type", "protocol", "not of the form"],
    ["empty-object", "protocol", "kind"],
  ])("%s while groups are listed", async (kind, code, word) => {
    const error = await failure({ fault: { phase: "groups", page: 1, kind } });
    expect(error.code, error.message).toBe(code);
    expect(error.message).toContain(word);
    expect(error.message).toContain("listing groups, page 1");
  });

  it.each(["reader", "users", "users-end", "deleted", "groups", "groups-end", "members"] as const)(
    "that an empty object is no empty list: %s",
    async (phase) => {
      const fault = { phase, page: 1, kind: "empty-object" } as const;
      const error = await failure({ fault }, { deletedUsers: "inactive" });
      expect(error.code).toBe("protocol");
      expect(error.message).toContain("at kind");
    },
  );

  it.each<[string, Parameters<typeof refuse>[2], number, string]>([
    ["a service account that is gone", "invalid_client", 401, "switched off or deleted"],
    ["anything else that the token endpoint says", "invalid_request", 400, "does not take the service account"],
    ["a token endpoint that is overloaded", "temporarily_unavailable", 503, "cannot answer at present"],
  ])("%s", async (_, error, status, word) => {
    const failed = await failure({
      onRequest(phase, _page, _fake, response) {
        const body = JSON.stringify({ error, error_description: "No." });
        return phase === "token" && send(response, status, "application/json", body);
      },
    });
    expect(failed.message).toContain(word);
    expect(failed.code).toBe(status === 503 ? "unreachable" : "credentials");
  });

  it("Google's own words, but neither control characters nor what might be a token", async () => {
    const secret = `ya29.${"a".repeat(80)}`;
    const error = await failure({
      onRequest: (phase, _page, _fake, response) =>
        phase === "users" &&
        refuse(response, 400, "invalid", {}, `Look\u0007 at\n${secret} \u202Ehere ${"word ".repeat(100)}`),
    });
    expect(error.message).toContain("Look at … here word");
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(error.message.length).toBeLessThan(500);
  });

  it("that nobody listens there", async () => {
    const connector = googleWorkspaceConnector({ ...QUICK, endpoint: "http://127.0.0.1:1", maxAttempts: 2 }, keyFile());
    const error = await failureOf(connector);
    expect(error.code).toBe("unreachable");
    expect(error.message).toContain("ECONNREFUSED");
  });

  it.each([true, false])("that an answer is far too long, also when its length is said first: %s", async (isSaid) => {
    const error = await failure({
      onRequest(phase, _page, _fake, response) {
        if (phase !== "users") return false;
        if (!isSaid) response.write(" ");
        return send(response, 200, "application/json", " ".repeat(33 * 1024 * 1024));
      },
    });
    expect(error.code).toBe("protocol");
    expect(error.message).toContain("far too long");
  });
});

describe("an attempt", () => {
  it("is made as often as the settings say and no more", async () => {
    await failure({ fault: { phase: "users", page: 1, kind: "503" } }, { maxAttempts: 5 });
    expect(fake?.faults).toBe(5);
  });

  it("is not repeated where that cannot help", async () => {
    await failure({ fault: { phase: "users", page: 1, kind: "403-forbidden" } }, { maxAttempts: 5 });
    expect(fake?.faults).toBe(1);
  });

  it("is not repeated for longer than the settings say", async () => {
    const error = await failure(
      { fault: { phase: "users", page: 1, kind: "503" } },
      { maxAttempts: 100, retrySeconds: 0.2, retryDelaySeconds: 0.1 },
    );
    expect(error.code).toBe("unreachable");
    expect(fake?.faults).toBeLessThan(100);
  });
});
