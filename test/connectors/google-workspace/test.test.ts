import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { TestStep } from "../../../connectors/connector.ts";
import { googleWorkspaceConnector } from "../../../connectors/google-workspace/google-workspace-connector.ts";
import {
  type FakeCompany,
  type FakeGoogle,
  type FakeOptions,
  startFakeGoogle,
} from "../../harness/fake-google-directory.ts";
import { CLIENT_ID, keyFile, SERVICE_ACCOUNT } from "../../harness/fake-google-directory-token.ts";
import { ADMIN, admin, CUSTOMER, company, connectorFor, group, member, person, QUICK } from "./company.ts";

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

const people = [1, 2, 3, 4, 5, 6, 7].map((number) => person(number));
const [ada = person(1), ben = person(2)] = people;
const inner = group(2, [member(ben)]);
const usual = company(people, [group(1, [member(ada), member(inner)]), inner]);

type Steps = Record<TestStep["name"], TestStep>;

async function steps(contents: FakeCompany = usual, options: FakeOptions = {}, settings: object = {}): Promise<Steps> {
  fake = await startFakeGoogle(contents, options);
  const told = await Array.fromAsync(connectorFor(fake, settings).test(new AbortController().signal));
  expect(JSON.stringify(told)).not.toMatch(/ya29|BEGIN|eyJ/);
  return Object.fromEntries(told.map((step) => [step.name, step])) as Steps;
}

/** The one step that failed; those before it passed, those that need it were skipped. */
function failure(told: Steps, name: TestStep["name"], skipped: readonly TestStep["name"][]): string {
  const verdicts = Object.values(told).map((step) => [step.name, step.verdict]);
  expect(Object.fromEntries(verdicts)).toEqual(
    Object.fromEntries(
      verdicts.map(([step]) => [
        step,
        step === name ? "failed" : skipped.some((one) => one === step) ? "skipped" : "passed",
      ]),
    ),
  );
  return `${told[name].detail} → ${told[name].hint}`;
}

const AFTER_BIND = ["base", "users", "groups", "count", "members"] as const;
const AFTER_CONNECT = ["tls", "bind", ...AFTER_BIND] as const;

describe("what a test of a Google Workspace directory tells", () => {
  it("who reads, whose directory, five of each, how many, and whether members are known", async () => {
    const told = await steps();
    expect(Object.values(told).map(({ verdict }) => verdict)).toEqual(Array(9).fill("passed"));
    expect(told.settings.detail).toContain(`${ADMIN} through the service account ${SERVICE_ACCOUNT}`);
    expect(told.bind.detail).toContain("admin.directory.user.readonly");
    expect(told.base.detail).toBe(`${ADMIN} (id ${admin.id}) of ${CUSTOMER}, rights: super administrator`);
    expect(told.users.samples.map(({ id }) => id)).toEqual(people.slice(0, 5).map(({ id }) => id));
    expect(told.users.samples[0]).toEqual({ id: ada.id, name: ada.primaryEmail, location: `/${ada.primaryEmail}` });
    expect(told.groups.samples).toEqual([
      { id: "02g0001", name: "Group 1", location: "g0001@example.com" },
      { id: "02g0002", name: "Group 2", location: "g0002@example.com" },
    ]);
    expect(told.count.detail).toMatch(
      /^8 of 8 people and 2 of 2 groups would be taken; a whole read asks Google some 6 /,
    );
    expect(told.members.detail).toBe("of 3 members of 2 groups 3 would be taken");
  });

  it("asks little: a page of each, and the first members of five groups", async () => {
    const groups = Array.from({ length: 30 }, (_, number) => group(number, [member(ada)]));
    await steps(company(people, groups));
    expect(fake?.byPhase).toEqual({ reader: 1, users: 1, groups: 1, members: 5 });
  });

  it("reads no more of a large directory than it must, and says so", async () => {
    const many = company(
      Array.from({ length: 50 }, (_, number) => person(number + 1)),
      usual.groups,
    );
    const told = await steps(many, {}, { userPageSize: 2 });
    expect(fake?.byPhase.users).toBe(20);
    expect(told.count.detail).toMatch(
      /^40 of more than 40 people and 2 of 2 groups would be taken of those that a test/,
    );
    expect(told.members.verdict).toBe("passed");
  });

  it.each<[string, FakeOptions, readonly string[]]>([
    [
      "no delegation: which client, which scopes, where",
      { scopes: [] },
      [CLIENT_ID, "group.readonly", "Manage domain-wide"],
    ],
    [
      "one scope too few",
      { scopes: ["https://www.googleapis.com/auth/admin.directory.user.readonly"] },
      [CLIENT_ID, "group.readonly", "or not with all scopes"],
    ],
    ["a clock that is wrong, by how much", { clockAhead: 3900 }, ["65 minutes behind Google's", "NTP"]],
    ["an administrator who is none", { admins: [] }, [ADMIN, "primary address of an active administrator"]],
    [
      "a revoked key",
      {
        publicKey: String(
          generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }),
        ),
      },
      ["0a1b2c3d4e5f", "make a new one"],
    ],
  ])("the token: %s", async (_, options, words) => {
    const text = failure(await steps(usual, options), "bind", AFTER_BIND);
    for (const word of words) expect(text).toContain(word);
  });

  it("nobody answers: which machines must be reached; what was tried stays short", async () => {
    const connector = googleWorkspaceConnector({ ...QUICK, endpoint: "http://127.0.0.1:1" }, keyFile());
    const told = await Array.fromAsync(connector.test(new AbortController().signal));
    const text = failure(Object.fromEntries(told.map((step) => [step.name, step])) as Steps, "connect", AFTER_CONNECT);
    expect(text).toMatch(/given up after 2 attempts.*oauth2\.googleapis\.com and admin\.googleapis\.com on port 443/);
  });

  it("a proxy that answers in Google's place, without its words", async () => {
    const told = await steps(usual, { fault: { phase: "token", page: 1, kind: "login-page", times: 9 } });
    expect(failure(told, "connect", AFTER_CONNECT)).not.toContain("password");
  });

  it.each<[string, object, string]>([
    ["a customer that is not there", { customer: "C0wrong00" }, "users"],
    ["a domain that is not there", { domains: ["example.com", "wrong.example"] }, "base"],
    ["a unit that is not there", { organizationalUnits: ["/Nowhere"] }, "base"],
  ])("%s", async (_, settings, name) => {
    const told = await steps(usual, {}, settings);
    const failed = Object.values(told).filter(({ verdict }) => verdict === "failed");
    expect(failed[0]?.name).toBe(name);
    expect(failed[0]?.detail).toMatch(/C0wrong00|wrong\.example|\/Nowhere/);
  });

  it("a right that the administrator lacks fails its step alone", async () => {
    const fault = { phase: "groups", page: 1, kind: "403-forbidden", times: 9 } as const;
    const text = failure(await steps(usual, { fault }), "groups", ["count", "members"]);
    expect(text).toMatch(/root@example.com may not read this.*Groups: Read/);
  });

  it("an API that is not enabled", async () => {
    const fault = { phase: "reader", page: 1, kind: "403-accessNotConfigured", times: 9 } as const;
    const text = failure(await steps(usual, { fault }), "base", ["users", "groups", "count", "members"]);
    expect(text).toContain("APIs & Services, Library");
  });

  it("settings that leave everybody out are warned about", async () => {
    const told = await steps(usual, {}, { domains: ["example.org"], groups: ["nobody@*"] });
    expect(told.users).toMatchObject({ verdict: "warned", detail: "of 8 people none would be taken" });
    expect(told.users.hint).toContain("organizationalUnits");
    expect(told.groups).toMatchObject({ verdict: "warned", detail: "of 2 groups none would be taken" });
    expect(told.count.detail).toMatch(/^0 of 8 people and 0 of 2 groups/);
    expect(told.members).toMatchObject({ verdict: "passed", detail: "no member was met in 0 groups" });
  });

  it("groups of strangers are warned about, with some of them", async () => {
    const strangers = [1, 2].map((number) => ({ id: `9${number}`, email: `s${number}@other.example`, type: "USER" }));
    const left = person(9, { primaryEmail: "left@example.org" });
    const all = group(1, [...strangers, member(left), member(ada), { id: CUSTOMER, type: "CUSTOMER" }]);
    const told = await steps(company([ada, left], [all]), {}, { domains: ["example.com"] });
    expect(told.members).toMatchObject({
      verdict: "warned",
      detail: "of 5 members of 1 group 2 would be taken, 1 are left out by the settings, 2 are not of this customer",
    });
    expect(told.members.samples[0]).toEqual({
      id: "91",
      name: "s1@other.example",
      location: "a member of g0001@example.com",
    });
  });

  it("a read that would take long because of its groups says how to make it short", async () => {
    const groups = Array.from({ length: 200 }, (_, number) =>
      group(number, [member(ada)], { directMembersCount: "100000" }),
    );
    const told = await steps(company(people, groups), {}, { quotaPerMinute: 2400 });
    expect(told.count.hint).toContain("name those that matter with groups");
    expect(told.count.detail).toContain("about 53 minutes");
  });

  it("a cap that a read would meet is met here", async () => {
    const told = await steps(usual, {}, { maxUsers: 3 });
    expect(failure(told, "users", ["count", "members"])).toMatch(/maxUsers allows \(3\)/);
  });
});
