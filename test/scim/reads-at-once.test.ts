import { expect, test } from "vitest";
import { type Answer, scimServer } from "./endpoint.ts";

const server = await scimServer();
const organization = await server.organization();
const okta = await server.directory(organization);
const other = await server.directory(organization, "entra");
const foreign = await server.directory(await server.organization());

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const create = async (at: typeof okta, userName: string) =>
  (await at.send("POST", "/Users", { schemas: [USER], userName, displayName: userName })).id;

// The same names in all three directories, and ids that only one of them has.
const names = Array.from({ length: 20 }, (_, place) => `Person${place}@example.com`);
const ids: string[] = [];
for (const name of names) {
  ids.push(await create(okta, name));
  await create(other, name);
  await create(foreign, name);
}
const [elsewhere, beyond] = [await create(other, "elsewhere"), await create(foreign, "beyond")];
for (const group of ["one", "two"])
  await okta.send("POST", "/Groups", {
    schemas: [GROUP],
    displayName: group,
    members: ids.slice(0, 7).map((value) => ({ value })),
  });
await okta.send("DELETE", `/Users/${ids[19]}`);

const filter = (name: string, more = "") => `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}${more}`;
const paths = [
  ...ids.map((id) => `/Users/${id}`),
  ...ids.slice(0, 5).map((id) => `/Users/${id.toUpperCase()}?attributes=userName`),
  ...[elsewhere, beyond, "nobody", ids[0]].map((id) => `/Users/${id}`),
  ...names.map((name) => filter(name)),
  ...names.slice(0, 4).map((name) => filter(name.toUpperCase(), "&attributes=groups")),
  filter("elsewhere"),
  filter("nobody"),
  filter("nobody", "&count=0"),
  filter(names[1] as string, "&count=0"),
  filter(names[1] as string, "&startIndex=2"),
  filter(names[1] as string, "&startIndex=0&count=5"),
  filter(names[1] as string, "&sortBy=displayName&sortOrder=descending"),
  filter(names[1] as string, "&cursor"),
  filter("ｐｅｒｓｏｎ2@example.com"),
];

test("many reads at one moment are answered as each alone is, in every directory and organization", async () => {
  const asked = paths.flatMap((path) => [okta, other, foreign].map((at) => ({ at, path })));
  const alone: Answer[] = [];
  for (const { at, path } of asked) alone.push(await at.send("GET", path));
  const together = await Promise.all(asked.map(({ at, path }) => at.send("GET", path)));
  asked.forEach(({ path }, place) => {
    const [one, many] = [alone[place], together[place]];
    expect([many?.status, many?.text, many?.headers.get("etag")], path).toEqual([
      one?.status,
      one?.text,
      one?.headers.get("etag"),
    ]);
  });
});

test("a filter by user name finds the one who has it, whatever the page, and says how many there are", async () => {
  const totals = async (more: string) => {
    const { body } = await okta.send("GET", filter("PERSON3@example.com", more));
    const { totalResults, itemsPerPage, startIndex } = body as Record<string, number>;
    return { totalResults, itemsPerPage, startIndex };
  };
  expect(await totals("")).toEqual({ totalResults: 1, itemsPerPage: 1, startIndex: 1 });
  expect(await totals("&count=0")).toEqual({ totalResults: 1, itemsPerPage: 0, startIndex: 1 });
  expect(await totals("&startIndex=2")).toEqual({ totalResults: 1, itemsPerPage: 0, startIndex: 2 });
  expect(await totals("&cursor")).toEqual({ totalResults: 1, itemsPerPage: 1, startIndex: undefined });
  const { resources } = await okta.send("GET", filter("PERSON3@example.com"));
  expect(resources.map(({ id, groups }) => [id, (groups as unknown[]).length])).toEqual([[ids[3], 2]]);
  expect((await okta.send("GET", filter(names[19] as string))).resources).toEqual([]);
});
