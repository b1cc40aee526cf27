import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Answer, type Endpoint, scimServer } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  expectError,
  LIST_RESPONSE,
  list,
  query,
  read,
  SEARCH_REQUEST,
  senderFor,
  userBody,
} from "./client.ts";

const server = await scimServer();
const PEOPLE = 7;
const names = Array.from({ length: PEOPLE }, (_, index) => `jensen-${index}`);
let at: Endpoint;

beforeAll(async () => {
  at = await server.directory(await server.organization());
  for (const [index, name] of names.entries())
    await create(
      at,
      "/Users",
      userBody(name, { title: `t${PEOPLE - index}`, ...(index % 2 === 0 && { nickName: "even" }) }),
    );
  for (let index = 0; index < 5; index++) await createGroup(at);
});

type Page = { totalResults?: number; itemsPerPage?: number; nextCursor?: string; previousCursor?: string };
type Parameters = Record<string, string | number>;

const page = (answer: Answer) => answer.body as Page;

/** Every page of a query, from the empty cursor to the one without `nextCursor`. */
async function walk(path: string, parameters: Parameters, by: "GET" | "POST" = "GET"): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; cursor = page(pages.at(-1) as Answer).nextCursor) {
    const answer: Answer =
      by === "GET"
        ? await at.send("GET", query(path, { ...parameters, cursor }))
        : await at.send("POST", `${path}/.search`, { schemas: [SEARCH_REQUEST], ...parameters, cursor });
    expect(answer.status, answer.text).toBe(200);
    pages.push(answer);
    expect(pages.length).toBeLessThan(50);
  }
  return pages;
}

const userNames = (pages: readonly Answer[]) => pages.flatMap((each) => each.resources.map((user) => user.userName));

async function firstCursor(parameters: Parameters = {}): Promise<string> {
  const answer = await list(at, "/Users", { count: 2, ...parameters, cursor: "" });
  return String(page(answer).nextCursor);
}

describe("RFC 9865 §2: cursors", () => {
  test.each([1, 2, 3, 6, 7, 8])(
    "RFC 9865 §2: pages of %i make the whole, each once, nextCursor on all but the last",
    async (count) => {
      const pages = await walk("/Users", { count });
      expect([...userNames(pages)].sort()).toEqual(names);
      expect(pages).toHaveLength(Math.ceil(PEOPLE / count));
      for (const each of pages) {
        expect(each.body).toMatchObject({ schemas: [LIST_RESPONSE], itemsPerPage: each.resources.length });
        expect(each.resources.length).toBeLessThanOrEqual(count);
        expect(page(each).totalResults ?? PEOPLE).toBe(PEOPLE);
      }
      expect(pages.at(-1)?.body).not.toHaveProperty("nextCursor");
    },
  );

  test("RFC 9865 §2: a cursor without a value starts too, as in the example", async () => {
    const filter = encodeURIComponent('userName sw "J"');
    const first = await at.send("GET", `/Users?filter=${filter}&cursor&count=5`);
    expect(first.resources).toHaveLength(5);
    const { nextCursor } = page(first);
    const second = await at.send("GET", `/Users?filter=${filter}&cursor=${nextCursor}&count=5`);
    expect([...userNames([first, second])].sort()).toEqual(names);
    expect(second.body).not.toHaveProperty("nextCursor");
  });

  test("RFC 9865 §2: cursors are of unreserved characters (RFC 3986 §2.3)", async () => {
    for (const each of await walk("/Users", { count: 1, sortBy: "title", filter: 'title sw "T"' }))
      for (const cursor of [page(each).nextCursor, page(each).previousCursor])
        if (cursor !== undefined) expect(cursor).toMatch(/^[\w.~-]+$/);
  });

  test("RFC 9865 §2: the first page has no previousCursor, and one that is given leads back", async () => {
    const pages = await walk("/Users", { count: 3 });
    expect(pages[0]?.body).not.toHaveProperty("previousCursor");
    const { previousCursor } = page(pages[1] as Answer);
    if (previousCursor === undefined) return;
    const back = await list(at, "/Users", { count: 3, cursor: previousCursor });
    expect(userNames([back])).toEqual(userNames([pages[0] as Answer]));
  });

  test.each([0, -1])("RFC 9865 §2: count %i gives no resources, but totalResults", async (count) => {
    const answer = await list(at, "/Users", { count, cursor: "" });
    expect(answer.body).toMatchObject({ totalResults: PEOPLE });
    expect(answer.resources).toEqual([]);
  });

  test("RFC 9865 §2: with a filter, on groups and with attributes", async () => {
    expect(
      [...userNames(await walk("/Users", { count: 2, filter: 'nickName eq "even"', attributes: "userName" }))].sort(),
    ).toEqual(names.filter((_, index) => index % 2 === 0));
    const groups = await walk("/Groups", { count: 2, excludedAttributes: "members" });
    expect(new Set(groups.flatMap((each) => each.resources.map((group) => group.id))).size).toBe(5);
  });

  test("RFC 9865 §2: no result at all is one page without nextCursor", async () => {
    const [only, ...more] = await walk("/Users", { filter: 'userName eq "nobody"' });
    expect(more).toEqual([]);
    expect(only?.body).toMatchObject({ totalResults: 0 });
  });

  test("RFC 9865 §2: a cursor may be used again, and gives the same page while nothing changes", async () => {
    const cursor = await firstCursor();
    const twice = [await list(at, "/Users", { count: 2, cursor }), await list(at, "/Users", { count: 2, cursor })];
    expect(twice[0]?.resources).toEqual(twice[1]?.resources);
  });

  test("RFC 9865 §2: who is deleted or created on the way shifts nobody else", async () => {
    const other = await server.directory(await server.organization());
    const made = [];
    for (let index = 0; index < 6; index++) made.push(await create(other, "/Users", userBody(`shift-${index}`)));
    const first = await list(other, "/Users", { count: 2, cursor: "" });
    const onFirst = new Set(first.resources.map((user) => user.id));
    const gone = made.find((user) => onFirst.has(user.id));
    await other.send("DELETE", `/Users/${gone?.id}`);
    const rest: unknown[] = [];
    for (let cursor = page(first).nextCursor; cursor !== undefined; ) {
      const next = await list(other, "/Users", { count: 2, cursor });
      rest.push(...next.resources.map((user) => user.id));
      cursor = page(next).nextCursor;
    }
    expect(rest.sort()).toEqual(
      made
        .map((user) => user.id)
        .filter((id) => !onFirst.has(id))
        .sort(),
    );
  });
});

describe("RFC 9865 §2.1: pagination errors", () => {
  test.each(["x", "AAAA", "0", "-1", "null", "~", "a".repeat(3_000), "%00", "%F0%9F%98%80", "a%20b", "..%2F", "e30"])(
    "RFC 9865 §2.1: the cursor %s is 400 with invalidCursor",
    async (cursor) => {
      expectError(await at.send("GET", `/Users?cursor=${cursor}&count=2`), 400, "invalidCursor");
    },
  );

  test("RFC 9865 §2.1: a cursor that was changed in one character is 400 with invalidCursor", async () => {
    const cursor = await firstCursor();
    for (let place = 0; place < cursor.length; place += Math.max(1, Math.floor(cursor.length / 12))) {
      const other = cursor[place] === "A" ? "B" : "A";
      const forged = cursor.slice(0, place) + other + cursor.slice(place + 1);
      expectError(await at.send("GET", query("/Users", { count: 2, cursor: forged })), 400, "invalidCursor");
    }
    for (const forged of [cursor.slice(0, -1), `${cursor}A`, cursor.toUpperCase(), cursor + cursor])
      expectError(await at.send("GET", query("/Users", { count: 2, cursor: forged })), 400, "invalidCursor");
  });

  test("RFC 9865 §2.1: a cursor of another query is 400: all other parameters must be those of the initial query", async () => {
    const cursor = await firstCursor();
    for (const more of [
      { filter: 'title sw "t"' },
      { sortBy: "title" },
      { sortBy: "userName", sortOrder: "descending" },
    ] as Parameters[])
      expectError(await at.send("GET", query("/Users", { count: 2, cursor, ...more })), 400, "invalidCursor");
    expectError(await at.send("GET", query("/Groups", { count: 2, cursor })), 400, "invalidCursor");
    const sorted = await firstCursor({ sortBy: "title", sortOrder: "ascending" });
    expectError(
      await at.send("GET", query("/Users", { count: 2, cursor: sorted, sortBy: "title", sortOrder: "descending" })),
      400,
      "invalidCursor",
    );
  });

  test("RFC 9865 §2.1: another count than the initial one is 400 with invalidCount, or taken", async () => {
    const answer = await at.send("GET", query("/Users", { count: 3, cursor: await firstCursor() }));
    if (answer.status !== 200) expectError(answer, 400, "invalidCount");
    else expect(answer.resources.length).toBeLessThanOrEqual(3);
  });

  test.each(["abc", "1.5", "1e1", "99999999999999999999"])(
    "RFC 9865 §2.1: the count %s is 400 with invalidCount",
    async (count) => {
      expectError(await at.send("GET", `/Users?cursor&count=${count}`), 400, "invalidCount");
    },
  );

  test("RFC 9865 §2.1: a count beyond maxPageSize is cut to it, or is 400 with invalidCount", async () => {
    const { pagination } = (await read(at, "/ServiceProviderConfig")) as unknown as {
      pagination: { maxPageSize: number };
    };
    const answer = await at.send("GET", query("/Users", { cursor: "", count: pagination.maxPageSize + 1 }));
    if (answer.status !== 200) expectError(answer, 400, "invalidCount");
    else expect(answer.resources).toHaveLength(PEOPLE);
  });

  test("RFC 9865 §2.1: a cursor that is too old is 400 with expiredCursor", async () => {
    const { pagination } = (await read(at, "/ServiceProviderConfig")) as unknown as {
      pagination: { cursorTimeout?: number };
    };
    if (pagination.cursorTimeout === undefined) return;
    const lasts = pagination.cursorTimeout * 1_000;
    const asked = Date.now();
    const cursor = await firstCursor();
    const answered = Date.now();
    // The server's clock is this process's.
    vi.useFakeTimers({ toFake: ["Date"], now: asked + lasts - 1_000 });
    try {
      expect((await at.send("GET", query("/Users", { count: 2, cursor }))).status).toBe(200);
      vi.setSystemTime(answered + lasts);
      expectError(await at.send("GET", query("/Users", { count: 2, cursor })), 400, "expiredCursor");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("RFC 9865 §2.2: sorting", () => {
  test.each([
    ["userName", "ascending", names],
    ["userName", "descending", [...names].reverse()],
    ["title", "ascending", [...names].reverse()],
    ["title", "descending", names],
    ["meta.created", "descending", [...names].reverse()],
  ])("RFC 9865 §2.2: the pages are sorted by %s, %s", async (sortBy, sortOrder, expected) => {
    for (const count of [1, 2, 7])
      expect(userNames(await walk("/Users", { count, sortBy, sortOrder }))).toEqual(expected);
  });

  test.each(["ascending", "descending"])(
    "RFC 9865 §2.2: those with the same value and those without one are all seen once, %s",
    async (sortOrder) => {
      const seen = userNames(await walk("/Users", { count: 2, sortBy: "nickName", sortOrder }));
      expect([...seen].sort()).toEqual(names);
      const withValue = sortOrder === "ascending" ? seen.slice(0, 4) : seen.slice(3);
      expect([...withValue].sort()).toEqual(names.filter((_, index) => index % 2 === 0));
    },
  );

  test("RFC 9865 §2.2: a multi-valued attribute nobody has sorts nobody away", async () => {
    expect([...userNames(await walk("/Users", { count: 3, sortBy: "emails.value" }))].sort()).toEqual(names);
  });
});

describe("RFC 9865 §2.3 and §2.4: which method of paging", () => {
  test("RFC 9865 §2.4: a query that names neither gets the default method that is announced", async () => {
    const { pagination } = (await read(at, "/ServiceProviderConfig")) as unknown as {
      pagination: Record<string, unknown>;
    };
    const answer = await list(at, "/Users", { count: 2 });
    expect(["index", "cursor"]).toContain(pagination.defaultPaginationMethod);
    if (pagination.defaultPaginationMethod === "cursor") expect(page(answer).nextCursor).toBeDefined();
    else expect(answer.body).toMatchObject({ startIndex: 1, itemsPerPage: 2 });
  });

  test("RFC 9865 §2.4: index paging stays what it was", async () => {
    const answer = await list(at, "/Users", { startIndex: 3, count: 2 });
    expect(answer.body).toMatchObject({ startIndex: 3, itemsPerPage: 2, totalResults: PEOPLE });
  });

  test("RFC 9865 §2.3: no client needs a cursor to reach all results", async () => {
    const seen: unknown[] = [];
    for (let startIndex = 1; startIndex <= PEOPLE; startIndex += 3)
      seen.push(...userNames([await list(at, "/Users", { startIndex, count: 3 })]));
    expect(seen).toEqual(names);
  });
});

describe("RFC 9865 §3: POST .search", () => {
  test.each([1, 3, 7])("RFC 9865 §3: with the parameters in the body, pages of %i", async (count) => {
    const pages = await walk("/Users", { count, sortBy: "userName" }, "POST");
    expect(userNames(pages)).toEqual(names);
    expect(pages.at(-1)?.body).not.toHaveProperty("nextCursor");
  });

  test("RFC 9865 §3: on the root, over all types", async () => {
    const pages = await walk("", { count: 5 }, "POST");
    expect(new Set(pages.flatMap((each) => each.resources.map((resource) => resource.id))).size).toBe(PEOPLE + 5);
  });

  test("RFC 9865 §3: errors are the same", async () => {
    for (const [body, scimType] of [
      [{ cursor: "x", count: 2 }, "invalidCursor"],
      [{ cursor: 7, count: 2 }, ["invalidCursor", "invalidSyntax", "invalidValue"]],
      [{ cursor: "", count: "two" }, ["invalidCount", "invalidSyntax", "invalidValue"]],
    ] as const)
      expectError(await at.send("POST", "/Users/.search", { schemas: [SEARCH_REQUEST], ...body }), 400, scimType);
  });
});

describe("RFC 9865 §4: service provider configuration", () => {
  test("RFC 9865 §4: pagination tells both methods and their limits", async () => {
    const { pagination } = (await read(at, "/ServiceProviderConfig")) as unknown as {
      pagination: Record<string, unknown>;
    };
    expect(pagination).toMatchObject({ cursor: true, index: true });
    expect(["cursor", "index"]).toContain(pagination.defaultPaginationMethod);
    for (const name of ["defaultPageSize", "maxPageSize", "cursorTimeout"])
      if (pagination[name] !== undefined)
        expect(Number.isInteger(pagination[name]) && Number(pagination[name]) > 0, name).toBe(true);
  });

  test("RFC 9865 §4: defaultPageSize and maxPageSize are what is done", async () => {
    const many = await server.directory(await server.organization());
    const { pagination } = (await read(many, "/ServiceProviderConfig")) as unknown as {
      pagination: { defaultPageSize: number; maxPageSize: number };
    };
    const left = Array.from({ length: pagination.defaultPageSize + 1 }, (_, index) => index);
    const poster = async () => {
      for (let index = left.pop(); index !== undefined; index = left.pop())
        await create(many, "/Users", userBody(`many-${index}`));
    };
    await Promise.all(Array.from({ length: 8 }, poster));
    for (const parameters of [{}, { cursor: "" }] as Parameters[])
      expect((await list(many, "/Users", { ...parameters, attributes: "id" })).resources).toHaveLength(
        pagination.defaultPageSize,
      );
    expect(pagination.maxPageSize).toBeGreaterThanOrEqual(pagination.defaultPageSize);
  });
});

describe("RFC 9865 §5: security considerations", () => {
  test("RFC 9865 §5.2: a cursor of another directory is as invalid as one of nobody", async () => {
    const sibling = await server.directory(at.organization, "sibling");
    const foreign = await server.directory(await server.organization());
    const nobody = await at.send("GET", query("/Users", { count: 2, cursor: "forged" }));
    for (const other of [sibling, foreign]) {
      for (let index = 0; index < 3; index++) await create(other, "/Users", userBody(`theirs-${index}`));
      const cursor = String(page(await list(other, "/Users", { count: 2, cursor: "" })).nextCursor);
      const answer = await at.send("GET", query("/Users", { count: 2, cursor }));
      expectError(answer, 400, "invalidCursor");
      expect(answer.text).toBe(nobody.text);
    }
  });

  test("RFC 9865 §5.2: a cursor gives nothing that the caller's token does not", async () => {
    const cursor = await firstCursor();
    const groups = await senderFor(server, at, { scopes: ["groups:read"] });
    expectError(await groups("GET", query("/Users", { count: 2, cursor })), 403);
  });

  test("RFC 9865 §5.2: a cursor tells nothing about people", async () => {
    const cursor = await firstCursor({ sortBy: "userName", filter: 'userName sw "jensen"' });
    for (const text of [cursor, Buffer.from(cursor, "base64url").toString("latin1")])
      expect(text).not.toContain("jensen");
  });
});
