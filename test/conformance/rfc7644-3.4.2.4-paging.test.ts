import { beforeAll, describe, expect, test } from "vitest";
import { type Endpoint, scimServer } from "../scim/endpoint.ts";
import { create, expectError, list, query, read, userBody } from "./client.ts";

const server = await scimServer();
const PEOPLE = 7;
const names = Array.from({ length: PEOPLE }, (_, index) => `walk-${index}`);
let at: Endpoint;

beforeAll(async () => {
  at = await server.directory(await server.organization());
  for (const name of names) await create(at, "/Users", userBody(name));
});

describe("RFC 7644 §3.4.2.4: index paging", () => {
  test.each([1, 2, 3, 6, 7, 8])(
    "RFC 7644 §3.4.2.4: pages of %i make the whole, in an order that holds still",
    async (count) => {
      const seen: unknown[] = [];
      for (let startIndex = 1; startIndex <= PEOPLE; startIndex += count) {
        const page = await list(at, "/Users", { startIndex, count });
        expect(page.body).toMatchObject({ totalResults: PEOPLE, startIndex, itemsPerPage: page.resources.length });
        expect(page.resources).toHaveLength(Math.min(count, PEOPLE - startIndex + 1));
        seen.push(...page.resources.map((user) => user.userName));
      }
      expect(seen).toEqual(names);
    },
  );

  test.each([0, -1, -100])("RFC 7644 §3.4.2.4: startIndex %i is interpreted as 1", async (startIndex) => {
    const page = await list(at, "/Users", { startIndex, count: 2 });
    expect(page.body).toMatchObject({ startIndex: 1, itemsPerPage: 2 });
    expect(page.resources.map((user) => user.userName)).toEqual(names.slice(0, 2));
  });

  test.each([0, -1, -100])("RFC 7644 §3.4.2.4: count %i gives no resources, but totalResults", async (count) => {
    for (const more of [{}, { startIndex: 3 }]) {
      const page = await list(at, "/Users", { count, ...more });
      expect(page.body).toMatchObject({ totalResults: PEOPLE, itemsPerPage: 0 });
      expect(page.resources).toEqual([]);
    }
  });

  test("RFC 7644 §3.4.2.4: startIndex defaults to 1, count to what the provider sets", async () => {
    expect((await list(at, "/Users", { count: 2 })).body).toMatchObject({ startIndex: 1 });
    expect((await list(at, "/Users", { startIndex: 6 })).resources).toHaveLength(2);
  });

  test("RFC 7644 §3.4.2.4: a page past the end is empty and knows the total", async () => {
    for (const startIndex of [PEOPLE + 1, 1_000_000, 999_999_999_999]) {
      const page = await list(at, "/Users", { startIndex });
      expect(page.body).toMatchObject({ totalResults: PEOPLE, itemsPerPage: 0 });
      expect(page.resources).toEqual([]);
    }
  });

  test("RFC 7644 §3.4.2.4: totalResults counts what matches the filter", async () => {
    const page = await list(at, "/Users", {
      filter: 'userName sw "walk" and not (userName ew "0")',
      count: 2,
      startIndex: 6,
    });
    expect(page.body).toMatchObject({ totalResults: PEOPLE - 1, startIndex: 6, itemsPerPage: 1 });
  });

  test.each([
    "startIndex=abc",
    "count=abc",
    "count=1.5",
    "count=1e3",
    "startIndex=0x1",
    "count=1&count=2",
    "startIndex=99999999999999999999",
  ])("RFC 7644 §3.4.2.4: %s is no integer: 400", async (parameters) => {
    expectError(await at.send("GET", `/Users?${parameters}`), 400, ["invalidValue", "invalidCount"]);
  });

  test("RFC 7644 §3.4.2.4: never more than asked for, and never more than filter.maxResults", async () => {
    const many = await server.directory(await server.organization());
    const { filter } = (await read(many, "/ServiceProviderConfig")) as unknown as { filter: { maxResults: number } };
    const wanted = filter.maxResults + 1;
    const left = Array.from({ length: wanted }, (_, index) => index);
    const poster = async () => {
      for (let index = left.pop(); index !== undefined; index = left.pop())
        await create(many, "/Users", userBody(`many-${index}`));
    };
    await Promise.all(Array.from({ length: 16 }, poster));
    const first = await list(many, "/Users", { count: wanted * 2, attributes: "userName" });
    expect(first.body).toMatchObject({ totalResults: wanted, itemsPerPage: filter.maxResults });
    expect(first.resources).toHaveLength(filter.maxResults);
    const unasked = await list(many, "/Users", { attributes: "userName" });
    expect(unasked.resources.length).toBeLessThanOrEqual(filter.maxResults);
    expect(unasked.body).toMatchObject({ totalResults: wanted, startIndex: 1, itemsPerPage: unasked.resources.length });
    const last = await list(many, "/Users", { startIndex: wanted, count: 10, attributes: "userName" });
    expect(last.resources).toHaveLength(1);
  });

  test("RFC 7644 §3.4.2.4: a resource that appears or goes changes the total at once", async () => {
    const other = await server.directory(await server.organization());
    const { id } = await create(other, "/Users", userBody("comes"));
    expect((await list(other, "/Users", {})).body).toMatchObject({ totalResults: 1 });
    await other.send("DELETE", `/Users/${id}`);
    expect((await other.send("GET", query("/Users", { count: 0 }))).body).toMatchObject({ totalResults: 0 });
  });
});
