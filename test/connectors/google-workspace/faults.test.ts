import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { ConnectorError } from "../../../connectors/connector.ts";
import {
  type FakeGoogle,
  type FakeOptions,
  type FakePerson,
  type Phase,
  startFakeGoogle,
} from "../../harness/fake-google-directory.ts";
import { FAULTS, type Fault, LONG_WAIT, PASSING, send } from "../../harness/fake-google-directory-faults.ts";
import { scaled } from "../../harness/scale.ts";
import { failureOf, readAll, type WholeRead } from "../ldap/read-all.ts";
import { ADMIN, CUSTOMER, company, connectorFor, group, member, person } from "./company.ts";

const units = [{ orgUnitId: "id:1", orgUnitPath: "/Staff" }];
const people = [1, 2, 3, 4, 5].map((number) => person(number, { orgUnitPath: "/Staff" }));
const deleted = [11, 12, 13, 14, 15].map((number) => person(number, { orgUnitPath: "/Staff" }));
const [one, two, three, four, five] = people;
const stranger = { id: "900", email: "unmanaged@example.com", type: "USER" };

function held() {
  const inner = group(3, [member(four!), member(five!), member(three!)]);
  const groups = [
    group(1, [one!, two!, three!, four!, five!].map(member)),
    group(2, [member(inner), { id: CUSTOMER, type: "CUSTOMER" }]),
    inner,
    group(4, [stranger, member(one!)]),
    group(5, []),
  ];
  return company(people, groups, { units, deleted });
}

const SETTINGS = {
  ...{ userPageSize: 2, groupPageSize: 2, memberPageSize: 2, deletedUsers: "inactive", concurrency: 4 },
  ...{
    organizationalUnits: ["/Staff"],
    domains: ["example.com"],
    groups: ["g0001@*", "g0002@*", "g0004@*", "g0005@*"],
  },
};
/** Each list has a first, a middle and a last page. */
const PLACES: readonly [Phase, number][] = [
  ["token", 1],
  ["reader", 1],
  ["units", 1],
  ["domain", 1],
  ...([1, 2, 3] as const).map((page): [Phase, number] => ["users", page]),
  ["users-end", 1],
  ...([1, 2, 3] as const).map((page): [Phase, number] => ["deleted", page]),
  ...([1, 2, 3] as const).map((page): [Phase, number] => ["groups", page]),
  ["groups-end", 1],
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const).map((page): [Phase, number] => ["members", page]),
  ["lookup", 1],
  ["reader-again", 1],
  ["units-again", 1],
];
const KINDS = [...FAULTS.answers, ...FAULTS.lists];
const LISTS: readonly Phase[] = ["users", "deleted", "groups", "members"];
/** All of them in the full count; else some for each kind, so that all kinds together meet all. A list's faults are few. */
function placesFor(kind: Fault): readonly [Phase, number][] {
  if (FAULTS.lists.some((known) => known === kind)) return PLACES.filter(([phase]) => LISTS.includes(phase));
  const every = Math.ceil(PLACES.length / scaled(PLACES.length));
  return PLACES.filter((_, index) => (index + KINDS.indexOf(kind)) % every === 0);
}
const WAITING: readonly Fault[] = ["hang", "slow-drip"];

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

async function start(options: FakeOptions = {}): Promise<FakeGoogle> {
  await fake?.stop();
  fake = await startFakeGoogle(held(), options);
  return fake;
}

function contentOf(read: WholeRead): object {
  return { ...read, pages: undefined, proof: { ...read.proof, pages: undefined } };
}

const good = await readGood();
async function readGood(): Promise<WholeRead> {
  const server = await startFakeGoogle(held());
  try {
    return await readAll(connectorFor(server, SETTINGS));
  } finally {
    await server.stop();
  }
}

/** What a read ends in. Pages given out before an error must be true, too. */
async function endOf(settings: object): Promise<{ proof: WholeRead } | { error: ConnectorError }> {
  try {
    return { proof: await readAll(connectorFor(fake!, { ...SETTINGS, ...settings })) };
  } catch (error) {
    if (error instanceof ConnectorError) return { error };
    throw error;
  }
}

describe("without a fault", () => {
  it("everything is read", () => {
    expect(good.proof).toMatchObject({ users: 10, groups: 4, memberships: 16, oddityCount: 1 });
  });

  it("every place of the matrix is met", async () => {
    const met = new Set<string>();
    await start({
      onRequest: (phase, page) => {
        met.add(`${phase} ${page}`);
        return false;
      },
    });
    await readAll(connectorFor(fake!, SETTINGS));
    expect(PLACES.map(([phase, page]) => `${phase} ${page}`).filter((place) => !met.has(place))).toEqual([]);
  });
});

describe("a fault that stays ends in an error, never in the proof of a part", () => {
  for (const kind of KINDS) {
    it(kind, async () => {
      let hits = 0;
      for (const [phase, page] of placesFor(kind)) {
        await start({ fault: { phase, page, kind } });
        const patience = WAITING.includes(kind) ? { answerSeconds: 0.1, maxAttempts: 1 } : { maxAttempts: 3 };
        const end = await endOf(patience);
        const place = `${kind} at ${phase} ${page}`;
        hits += fake!.faults > 0 ? 1 : 0;
        if ("proof" in end) {
          expect.soft(isHarmless(kind, phase) || fake!.faults === 0, place).toBe(true);
          expect.soft(contentOf(end.proof), place).toEqual(contentOf(good));
          continue;
        }
        expect
          .soft(end.error.code, `${place}: ${end.error.message}`)
          .toMatch(/^(unreachable|credentials|configuration|limit|incomplete|protocol)$/);
        expect.soft(end.error.message, place).not.toMatch(/ya29|PRIVATE|eyJ/);
      }
      expect(hits).toBeGreaterThan(0);
    });
  }
});

/** Where a fault takes nothing away, the read may be proven; what is proven is compared with the whole all the same. */
function isHarmless(kind: Fault, phase: Phase): boolean {
  // A list's own faults do nothing to the last page, or to one of which only the first item counts.
  if (FAULTS.lists.some((known) => known === kind)) return true;
  if (kind === "wrong-content-type") return phase === "token";
  // A stranger may be one whom the administrator must not see (403), or one who is not there (404).
  return phase === "lookup" && (kind === "404" || (kind.startsWith("403") && !PASSING.includes(kind)));
}

describe("a fault that passes ends in the whole proof", () => {
  for (const kind of PASSING) {
    it(kind, async () => {
      for (const [phase, page] of placesFor(kind)) {
        if (phase === "token" && kind === "401") continue;
        await start({ fault: { phase, page, kind, times: 1 } });
        const end = await endOf(WAITING.includes(kind) ? { answerSeconds: 0.5, maxAttempts: 50 } : {});
        const place = `${kind} at ${phase} ${page}`;
        if ("error" in end) expect.soft(end.error.message, place).toBe("a proof");
        else expect.soft(contentOf(end.proof), place).toEqual(contentOf(good));
        expect.soft(fake!.faults, place).toBe(phase === "lookup" ? fake!.faults : 1);
      }
    });
  }

  it("and so do twenty in a hundred calls, of all kinds", async () => {
    const kinds = PASSING.filter((kind) => !WAITING.includes(kind));
    let calls = 0;
    await start({
      onRequest(phase, page, server) {
        calls += 1;
        server.options.fault = { phase, page, kind: kinds[calls % kinds.length] ?? "503" };
        if (calls % 5 !== 0 || phase === "token") delete server.options.fault;
        return false;
      },
    });
    const end = await endOf({ maxAttempts: 20 });
    expect("error" in end ? end.error.message : contentOf(end.proof)).toEqual(contentOf(good));
    expect(fake!.faults).toBeGreaterThan(5);
  });
});

describe("a directory that changes while it is read", () => {
  const during = (phase: Phase, change: (server: FakeGoogle) => void) =>
    start({
      onRequest(now, _page, server) {
        if (now === phase) change(server);
        return false;
      },
    });

  it("a group deleted before its members are read", async () => {
    await during("groups-end", ({ company: changed }) => {
      changed.groups = changed.groups.filter(({ id }) => id !== "02g0004");
    });
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("g0004@example.com");
  });

  it("a person renamed in front of the pages that are still to come is missed by them, and found missing", async () => {
    // p00005 becomes a00005 after the first page: no page holds them, yet a group does.
    await start({
      onRequest(phase, page, server) {
        if (phase === "users" && page === 2)
          server.company.people = server.company.people.map((known) =>
            known.id === five!.id ? { ...known, primaryEmail: "a00005@example.com" } : known,
          );
        return false;
      },
    });
    expect(await failureOf(connectorFor(fake!, SETTINGS))).toMatchObject({ code: "incomplete" });
  });

  it.each<[string, (known: FakePerson[]) => FakePerson[]]>([
    ["slips to a page that was read, because somebody there goes", (known) => known.filter(({ id }) => id !== one!.id)],
    [
      "takes the place of somebody who goes",
      (known) =>
        known
          .filter(({ id }) => id !== one!.id)
          .map((each) => (each.id === four!.id ? { ...each, primaryEmail: "a@example.com" } : each)),
    ],
  ])("a person in no group who %s is found missing", async (_, change) => {
    await start({
      onRequest(phase, page, server) {
        if (phase === "users" && page === 2) server.company.people = change(server.company.people);
        return false;
      },
    });
    fake!.company.groups = [];
    expect(await failureOf(connectorFor(fake!, SETTINGS))).toMatchObject({ code: "incomplete" });
  });

  it("a person who comes while they are read is left to the next read", async () => {
    const since = { creationTime: new Date(Date.now() + 60_000).toISOString() };
    const newcomers = [
      person(20, { primaryEmail: "a@example.com", ...since }),
      person(21, { primaryEmail: "z@example.com", ...since }),
    ];
    const during = (wanted: Phase) =>
      start({
        onRequest(phase, page, server) {
          if (phase === wanted && page === 1) server.company.people = [...server.company.people, ...newcomers];
          return false;
        },
      });
    for (const userPageSize of [2, 100]) {
      await during("users-end");
      expect((await readAll(connectorFor(fake!, { ...SETTINGS, userPageSize }))).proof.users).toBe(good.proof.users);
    }
  });

  it("a group that slips to a page that was read is found missing", async () => {
    await start({
      onRequest(phase, page, server) {
        if (phase === "groups" && page === 2) server.company.groups = server.company.groups.slice(1);
        return false;
      },
    });
    fake!.company.groups = [1, 2, 3, 4, 5].map((number) => group(number, []));
    const settings = { groupPageSize: 2, groups: ["g0003@*"] };
    expect(await failureOf(connectorFor(fake!, settings))).toMatchObject({ code: "incomplete" });
  });

  it("a person renamed behind them comes twice", async () => {
    await start({
      onRequest(phase, page, server) {
        if (phase === "users" && page === 2)
          server.company.people = server.company.people.map((known) =>
            known.id === one!.id ? { ...known, primaryEmail: "z@example.com" } : known,
          );
        return false;
      },
    });
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain(one!.id);
  });

  it.each<[string, (server: FakeGoogle) => void]>([
    [
      "the administrator is a super administrator no more",
      ({ company: changed }) => Object.assign(changed.people[0]!, { isAdmin: false, isDelegatedAdmin: true }),
    ],
    [
      "the address of the administrator belongs to somebody else",
      ({ company: changed }) => {
        changed.people = changed.people.map((known) => (known.primaryEmail === ADMIN ? { ...known, id: "77" } : known));
      },
    ],
    [
      "a unit was deleted and made again",
      ({ company: changed }) => {
        changed.units = [{ orgUnitId: "id:9", orgUnitPath: "/Staff" }];
      },
    ],
  ])("%s", async (_, change) => {
    await during("members", change);
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error, error.message).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain("at the end");
  });

  it("a unit renamed", async () => {
    await during("members", ({ company: changed }) => {
      changed.units = [{ orgUnitId: "id:1", orgUnitPath: "/Crew" }];
    });
    expect(await failureOf(connectorFor(fake!, SETTINGS))).toMatchObject({ code: "configuration" });
  });

  it("the administrator's own absence from the list", async () => {
    await start();
    fake!.company.hidden = [fake!.company.people[0]!];
    fake!.company.people = people;
    fake!.options.admins = [ADMIN];
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain(ADMIN);
  });

  it("the unit that somebody is in, where units are chosen", async () => {
    await start();
    const { orgUnitPath: _, ...hidden } = three!;
    fake!.company.people = fake!.company.people.map((known) => (known.id === hidden.id ? hidden : known));
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain(hidden.id);
  });

  it("tokens that stop working are renewed once for each call", async () => {
    let count = 0;
    await start({
      onRequest(_phase, _page, server) {
        count += 1;
        if (count % 7 === 0) server.revokeTokens();
        return false;
      },
    });
    expect(contentOf(await readAll(connectorFor(fake!, { ...SETTINGS, concurrency: 1 })))).toEqual(contentOf(good));
    expect(fake!.tokens).toBeGreaterThan(2);
  });

  it("a key that was revoked meanwhile", async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const anotherKey = String(publicKey.export({ type: "spki", format: "pem" }));
    await start({
      onRequest(phase, page, server) {
        if (phase === "members" && page === 2) {
          server.revokeTokens();
          server.options.publicKey = anotherKey;
        }
        return false;
      },
    });
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "credentials" });
    expect(error.message).toContain("0a1b2c3d4e5f");
  });
});

describe("pages that do not end", () => {
  it.each([
    ["one token again and again", () => "again", "page token twice", 2],
    ["always another token", (page: number) => `token-${page}`, "bring nothing", 101],
  ])("%s", async (_, next, words, calls) => {
    let page = 0;
    await start({
      onRequest(phase, _page, _server, response) {
        if (phase !== "groups") return false;
        page += 1;
        return send(
          response,
          200,
          "application/json",
          JSON.stringify({ kind: "admin#directory#groups", nextPageToken: next(page) }),
        );
      },
    });
    const error = await failureOf(connectorFor(fake!, SETTINGS));
    expect(error).toMatchObject({ code: "incomplete" });
    expect(error.message).toContain(words);
    expect(page).toBe(calls);
  });
});

describe("caps fail and never cut", () => {
  it.each([
    ["maxUsers", 5],
    ["maxGroups", 4],
    ["maxMembersOfGroup", 4],
    ["maxMemberships", 15],
  ])("%s", async (setting, most) => {
    await start();
    const error = await failureOf(connectorFor(fake!, { ...SETTINGS, [setting]: most }));
    expect(error).toMatchObject({ code: "limit" });
    expect(error.message).toContain(setting);
    const enough = { maxUsers: 6, maxGroups: 5, maxMembersOfGroup: 5, maxMemberships: 16 };
    expect(contentOf(await readAll(connectorFor(fake!, { ...SETTINGS, ...enough })))).toEqual(contentOf(good));
  });
});

describe("cancelling", () => {
  it.each(PLACES.map(([phase, page]) => ({ phase, page })))("at $phase $page", async ({ phase, page }) => {
    const abort = new AbortController();
    await start({
      onRequest(now, at) {
        if (now !== phase || at !== page) return false;
        abort.abort();
        return true;
      },
    });
    expect(await failureOf(connectorFor(fake!, SETTINGS), abort.signal)).toMatchObject({ code: "cancelled" });
  });

  it("before the read, nothing is asked", async () => {
    await start();
    expect(await failureOf(connectorFor(fake!, SETTINGS), AbortSignal.abort())).toMatchObject({ code: "cancelled" });
    expect(fake!.calls + fake!.tokens).toBe(0);
  });

  it("while Muster waits before another attempt", async () => {
    const abort = new AbortController();
    await start({
      onRequest(phase) {
        if (phase === "groups") setImmediate(() => abort.abort());
        return false;
      },
      fault: { phase: "groups", page: 1, kind: "503" },
    });
    const error = await failureOf(connectorFor(fake!, { ...SETTINGS, retryDelaySeconds: 60 }), abort.signal);
    expect(error).toMatchObject({ code: "cancelled" });
  });

  it("while nothing is asked for ends what is under way, and so does leaving off", async () => {
    await start();
    const pages = connectorFor(fake!, SETTINGS).read(new AbortController().signal);
    await pages.next();
    await pages.return(undefined as never);
    expect(await pages.next()).toMatchObject({ done: true });
    const abort = new AbortController();
    const others = connectorFor(fake!, SETTINGS).read(abort.signal);
    await others.next();
    abort.abort();
    await expect(others.next()).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("Retry-After", () => {
  it("beyond the patience of the settings ends the read at once and says when to come back", async () => {
    for (const kind of ["429-retry-after", "429-retry-date", "503-retry-after"] as const) {
      await start({ fault: { phase: "groups", page: 1, kind } });
      const error = await failureOf(connectorFor(fake!, SETTINGS));
      expect(error.code).toBe(kind.startsWith("429") ? "limit" : "unreachable");
      const seconds = Number(/asked again in (\d+) s/.exec(error.message)?.[1]);
      expect(Math.abs(seconds - LONG_WAIT)).toBeLessThan(60);
      expect(fake!.faults).toBe(1);
    }
  });

  it("is waited for, by everybody where the quota is used up", async () => {
    let refusedAt = 0;
    await start({
      onRequest(phase, page, _server, response) {
        if (phase !== "members" || page !== 2 || refusedAt > 0) return false;
        refusedAt = performance.now();
        response.setHeader("retry-after", "1");
        response.statusCode = 429;
        response.end();
        return true;
      },
    });
    const times: number[] = [];
    const { onRequest } = fake!.options;
    fake!.options.onRequest = (...at) => {
      const taken = onRequest?.(...at);
      if (!taken) times.push(performance.now());
      return taken;
    };
    await readAll(connectorFor(fake!, { ...SETTINGS, concurrency: 1 }));
    const next = times.find((time) => time > refusedAt) ?? 0;
    expect(next - refusedAt).toBeGreaterThan(990);
  });
});
