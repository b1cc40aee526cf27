/**
 * Google's Directory API and token endpoint on loopback: lists, pages, field masks, signed assertions, scopes and the
 * quota as Google keeps them, and every fault that a reader can meet, on the page where a test wants it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Fault, refuse, send, sendFault } from "./fake-google-directory-faults.ts";
import { grantToken, keyPair, type TokenOptions } from "./fake-google-directory-token.ts";

export type FakePerson = {
  id: string;
  primaryEmail?: string;
  name?: { givenName?: string; familyName?: string; fullName?: string };
  orgUnitPath?: string;
  suspended?: boolean;
  archived?: boolean;
  isAdmin?: boolean;
  isDelegatedAdmin?: boolean;
  creationTime?: string;
  deletionTime?: string;
};
export type FakeMember = { id?: string; email?: string; type: string; role?: string; status?: string };
export type FakeGroup = {
  id: string;
  email: string;
  name?: string;
  directMembersCount?: string;
  members: FakeMember[];
};
export type FakeCompany = {
  customer: string;
  domains: string[];
  people: FakePerson[];
  deleted: FakePerson[];
  groups: FakeGroup[];
  units: { orgUnitId: string; orgUnitPath: string }[];
  /** People and groups that can be asked for by id, but are in no list. */
  hidden: (FakePerson | FakeGroup)[];
};

/** What is asked, and when: the last two are asked a second time after the members. */
export type Phase =
  | "token"
  | "reader"
  | "units"
  | "domain"
  | "users"
  | "users-end"
  | "deleted"
  | "groups"
  | "groups-end"
  | "members"
  | "lookup"
  | "reader-again"
  | "units-again";

export type FakeOptions = Partial<TokenOptions> & {
  /** The nth thing asked for in a phase (or of all but tokens), from 1, goes wrong: so often, or always. */
  fault?: { phase: Phase | "any"; page: number; kind: Fault; times?: number };
  /** Calls of one administrator in any window of so many milliseconds. */
  quota?: { calls: number; windowMs: number };
  /** Milliseconds that each call takes. */
  latency?: number;
  /** Every page is preceded by an empty one. */
  emptyPages?: boolean;
  /** Called before each answer; may change the company, the options, or answer by itself (true). */
  onRequest?(phase: Phase, page: number, fake: FakeGoogle, response: ServerResponse): boolean | undefined;
};

export type FakeGoogle = {
  url: string;
  company: FakeCompany;
  options: FakeOptions;
  /** Calls of the Directory API, those refused included, and the times they came at. */
  calls: number;
  times: number[];
  breaches: number;
  tokens: number;
  /** Calls at once, at most. */
  mostAtOnce: number;
  faults: number;
  byPhase: Partial<Record<Phase, number>>;
  /** Different things that were asked for, tokens apart. */
  asked(): number;
  /** Connections that stand. */
  connections(): Promise<number>;
  /** Every token given out stops working. */
  revokeTokens(): void;
  stop(): Promise<void>;
};

const SCOPE = "https://www.googleapis.com/auth/admin.directory";
const ALL_SCOPES = ["user", "group", "orgunit"].map((name) => `${SCOPE}.${name}.readonly`);
const BASE = "/admin/directory/v1";

/** The first person of the company who is a super administrator may be acted as. */
export async function startFakeGoogle(company: FakeCompany, options: FakeOptions = {}): Promise<FakeGoogle> {
  const tokens = new Map<string, { sub: string; scopes: readonly string[]; until: number }>();
  const seen = new Map<Phase | "any", Map<string, number>>();
  let underWay = 0;

  const server = createServer((request, response) => {
    underWay += 1;
    fake.mostAtOnce = Math.max(fake.mostAtOnce, underWay);
    response.once("close", () => {
      underWay -= 1;
    });
    response.setHeader("date", new Date(Date.now() + (fake.options.clockAhead ?? 0) * 1000).toUTCString());
    void answer(request, response).catch((error: unknown) => {
      response.destroy();
      throw error;
    });
  });
  // The fake sets the date that its clock shows.
  server.on("request", (_request, response) => {
    response.sendDate = false;
  });

  const fake: FakeGoogle = {
    url: "",
    company,
    options,
    calls: 0,
    times: [],
    breaches: 0,
    tokens: 0,
    mostAtOnce: 0,
    faults: 0,
    byPhase: {},
    asked: () => seen.get("any")?.size ?? 0,
    connections: () => promisify(server.getConnections.bind(server))(),
    revokeTokens: () => tokens.clear(),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /** Which in its phase: the same thing asked again keeps its number. */
  const number = (phase: Phase | "any", what: string): number => {
    const known = seen.get(phase) ?? new Map<string, number>();
    seen.set(phase, known);
    const found = known.get(what) ?? known.size + 1;
    known.set(what, found);
    return found;
  };
  const goesWrong = (
    phase: Phase,
    page: { ofPhase: number; ofAll: number | null },
    response: ServerResponse,
    body: Record<string, unknown>,
    token: Parameters<typeof sendFault>[3],
  ): boolean => {
    const { fault } = fake.options;
    if (fault === undefined || fake.faults >= (fault.times ?? Number.POSITIVE_INFINITY)) return false;
    if (fault.phase === "any" ? fault.page !== page.ofAll : fault.phase !== phase || fault.page !== page.ofPhase)
      return false;
    const sent = sendFault(fault.kind, response, body, token);
    if (sent) fake.faults += 1;
    return sent;
  };
  const reply = (request: IncomingMessage, response: ServerResponse, body: unknown): void => {
    const text = JSON.stringify(body);
    if (!String(request.headers["accept-encoding"]).includes("gzip") || text.length < 1000) {
      send(response, 200, "application/json; charset=UTF-8", text);
      return;
    }
    response.setHeader("content-encoding", "gzip");
    send(response, 200, "application/json; charset=UTF-8", gzipSync(text, { level: 1 }));
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    if (request.method === "POST" && url.pathname === "/token") return await answerToken(request, response);
    fake.calls += 1;
    fake.times.push(Date.now());
    if (fake.options.latency !== undefined) await sleep(fake.options.latency);
    const token = tokens.get(String(request.headers.authorization).replace(/^Bearer /, ""));
    if (token === undefined || token.until <= Date.now()) {
      refuse(response, 401, "authError", {}, "Invalid Credentials");
      return;
    }
    if (isOverQuota(token.sub)) {
      fake.breaches += 1;
      refuse(response, 403, "userRateLimitExceeded", {}, "Quota exceeded");
      return;
    }
    const phase = phaseOf(url, fake);
    const page = number(phase, url.href);
    const ofAll = number("any", `${phase} ${url.href}`);
    fake.byPhase[phase] = (fake.byPhase[phase] ?? 0) + 1;
    if (fake.options.onRequest?.(phase, page, fake, response) === true) return;
    if (!token.scopes.includes(scopeOf(phase))) {
      refuse(response, 403, "insufficientPermissions", {}, "Request had insufficient authentication scopes.");
      return;
    }
    const found = look(url, fake, (at) => pageOf(new URL(at, "http://fake"), fake));
    if (typeof found === "number") {
      refuse(
        response,
        found,
        found === 404 ? "notFound" : "invalid",
        {},
        found === 404 ? "Resource Not Found" : "Invalid Input",
      );
      return;
    }
    const body = masked(found, url.searchParams.get("fields"));
    const own = url.searchParams.get("pageToken");
    const previous = (): Record<string, unknown> | null => {
      const at = offsetOf(own);
      if (at === null || at === 0) return null;
      const before = new URL(url);
      before.searchParams.set("pageToken", tokenOf(Math.max(0, at - Number(url.searchParams.get("maxResults")))));
      const page = look(before, fake, (href) => pageOf(new URL(href, "http://fake"), fake));
      return typeof page === "number" ? null : masked(page, url.searchParams.get("fields"));
    };
    if (goesWrong(phase, { ofPhase: page, ofAll }, response, body, { own, previous })) return;
    reply(request, response, body);
  }

  async function answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let form = "";
    for await (const chunk of request) form += String(chunk);
    fake.tokens += 1;
    const page = number("token", "token");
    if (fake.options.onRequest?.("token", page, fake, response) === true) return;
    const admins = fake.company.people.flatMap((person) =>
      (person.isAdmin || person.isDelegatedAdmin) && person.primaryEmail ? person.primaryEmail : [],
    );
    const granted = grantToken(new URLSearchParams(form), {
      ...{ admins, scopes: ALL_SCOPES, publicKey: keyPair().publicKey, clockAhead: 0, lifetime: 3599 },
      ...fake.options,
    });
    if ("status" in granted) {
      send(response, granted.status, "application/json; charset=utf-8", JSON.stringify(granted.body));
      return;
    }
    const lifetime = fake.options.lifetime ?? 3599;
    tokens.set(granted.token, { ...granted, until: Date.now() + lifetime * 1000 });
    const body = { access_token: granted.token, expires_in: lifetime, token_type: "Bearer" };
    if (goesWrong("token", { ofPhase: page, ofAll: null }, response, body, { own: null, previous: () => null })) return;
    reply(request, response, body);
  }

  const counted = new Map<string, { times: number[]; from: number }>();
  /** In any window, not by the minute of the clock. */
  function isOverQuota(sub: string): boolean {
    const { quota } = fake.options;
    if (quota === undefined) return false;
    const log = counted.get(sub) ?? { times: [], from: 0 };
    counted.set(sub, log);
    const now = performance.now();
    while ((log.times[log.from] ?? now) <= now - quota.windowMs) log.from += 1;
    log.times.push(now);
    return log.times.length - log.from > quota.calls;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

function phaseOf(url: URL, fake: FakeGoogle): Phase {
  const path = decodeURIComponent(url.pathname.slice(BASE.length));
  const again = fake.byPhase["groups-end"] !== undefined;
  if (path === "/users") {
    if (url.searchParams.has("domain")) return "domain";
    if (url.searchParams.get("showDeleted") === "true") return "deleted";
    return url.searchParams.get("sortOrder") === "DESCENDING" ? "users-end" : "users";
  }
  if (path === "/groups") return url.searchParams.get("sortOrder") === "DESCENDING" ? "groups-end" : "groups";
  if (path.endsWith("/members")) return "members";
  if (path.endsWith("/orgunits")) return again ? "units-again" : "units";
  if (path.startsWith("/users/") && path.includes("@")) return again ? "reader-again" : "reader";
  return "lookup";
}

function scopeOf(phase: Phase): string {
  if (phase.startsWith("units")) return `${SCOPE}.orgunit.readonly`;
  return phase.startsWith("groups") || phase === "members" ? `${SCOPE}.group.readonly` : `${SCOPE}.user.readonly`;
}

type Found = Record<string, unknown> | number;

/** What stands at an address; a number is the status of a refusal. */
function look(url: URL, fake: FakeGoogle, list: (href: string) => Found): Found {
  const path = decodeURIComponent(url.pathname.slice(BASE.length));
  const { company } = fake;
  const [, first, key] = path.split("/");
  if (path === `/customer/${company.customer}/orgunits`)
    return { kind: "admin#directory#orgUnits", etag: '"x"', organizationUnits: company.units };
  if (first === "users" && key !== undefined) {
    const known = [...company.people, ...company.hidden].find(
      (one) => one.id === key || ("primaryEmail" in one && one.primaryEmail === key),
    );
    return known === undefined ? 404 : { kind: "admin#directory#user", customerId: company.customer, ...known };
  }
  if (first === "groups" && path.split("/").length === 3) {
    const known = [...company.groups, ...company.hidden].find((group) => group.id === key);
    return known === undefined ? 404 : { kind: "admin#directory#group", ...known };
  }
  return list(url.href);
}

function pageOf(url: URL, { company, options }: FakeGoogle): Found {
  const query = url.searchParams;
  const path = decodeURIComponent(url.pathname.slice(BASE.length));
  const isMembers = path.endsWith("/members");
  const most = path === "/users" ? 500 : 200;
  const size = Number(query.get("maxResults") ?? 100);
  const at = offsetOf(query.get("pageToken"));
  if (at === null || !Number.isInteger(size) || size < 1 || size > most) return 400;
  let items: readonly object[];
  if (isMembers) {
    const group = company.groups.find((known) => known.id === path.split("/")[2]);
    if (group === undefined) return 404;
    items = group.members;
  } else {
    const domain = query.get("domain")?.toLowerCase() ?? null;
    if (domain === null && query.get("customer") !== company.customer) return 400;
    if (domain !== null && !company.domains.includes(domain)) return 404;
    const all: readonly { email?: string; primaryEmail?: string }[] =
      path === "/groups" ? company.groups : query.get("showDeleted") === "true" ? company.deleted : company.people;
    items = sorted(domain === null ? all : all.filter((one) => address(one).endsWith(`@${domain}`)), query);
  }
  const name = isMembers ? "members" : path.slice(1);
  const isEmptyOne = options.emptyPages === true && !String(query.get("pageToken")).endsWith("+");
  const part = isEmptyOne ? [] : items.slice(at, at + size);
  const next = isEmptyOne ? `${tokenOf(at)}+` : at + size < items.length ? tokenOf(at + size) : undefined;
  return {
    kind: `admin#directory#${name}`,
    etag: '"unstable"',
    ...(next === undefined ? {} : { nextPageToken: next }),
    ...(part.length === 0 ? {} : { [name]: isMembers ? part : part.map(withCount) }),
  };
}

function withCount(item: object): object {
  if (!("members" in item)) return item;
  const { members, ...group } = item as FakeGroup;
  return { directMembersCount: String(members.length), ...group };
}

function address(one: { email?: string; primaryEmail?: string }): string {
  return (one.primaryEmail ?? one.email ?? "").toLowerCase();
}

function sorted<One extends { email?: string; primaryEmail?: string }>(
  all: readonly One[],
  query: URLSearchParams,
): readonly One[] {
  if (query.get("orderBy") !== "email") return all;
  const sign = query.get("sortOrder") === "DESCENDING" ? -1 : 1;
  const key = (one: One): string => address(one);
  return all.toSorted((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
}

function tokenOf(offset: number): string {
  return Buffer.from(`page:${offset}`).toString("base64url");
}

/** Null when it is no token of ours. */
function offsetOf(token: string | null): number | null {
  if (token === null) return 0;
  const [, offset] = /^page:(\d+)$/.exec(Buffer.from(token.replace(/\+$/, ""), "base64url").toString()) ?? [];
  return offset === undefined ? null : Number(offset);
}

/** Google's `fields`: names, separated by commas, with the fields of what they hold in brackets. */
function masked(value: Record<string, unknown>, fields: string | null): Record<string, unknown> {
  return fields === null ? value : (pick(value, readMask(fields)) as Record<string, unknown>);
}

type Mask = Map<string, Mask | null>;

function readMask(fields: string): Mask {
  const stack: Mask[] = [new Map()];
  let last = "";
  for (const part of fields.match(/[A-Za-z0-9]+|[(),]/g) ?? []) {
    const here = stack.at(-1)!;
    if (part === "(") {
      const inner: Mask = new Map();
      here.set(last, inner);
      stack.push(inner);
    } else if (part === ")") stack.pop();
    else if (part !== ",") {
      here.set(part, null);
      last = part;
    }
  }
  return stack[0]!;
}

function pick(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, mask));
  const result: Record<string, unknown> = {};
  for (const [name, inner] of mask) {
    const held = (value as Record<string, unknown>)[name];
    if (held !== undefined) result[name] = inner === null ? held : pick(held, inner);
  }
  return result;
}
