import { describe, expect, test } from "vitest";
import { patchOf, scimServer } from "../scim/endpoint.ts";
import {
  createGroup,
  createUser,
  expectError,
  fresh,
  groupBody,
  inProfiles,
  list,
  NOBODY,
  type Resource,
  read,
  userBody,
} from "./client.ts";

const server = await scimServer();

inProfiles(server, (directory) => {
  const stale = { "if-match": 'W/"other"' };

  describe("RFC 7644 §3.13: protocol versions", () => {
    test("RFC 7644 §3.13: a version in the path is performed or rejected, never ignored", async () => {
      expect(directory.at.baseUrl).toMatch(/\/v2\//);
      for (const version of ["v1", "v3", "v99"]) {
        const answer = await directory.at.send("GET", `/${version}/Users`);
        expect([400, 404, 501]).toContain(answer.status);
        expectError(answer, answer.status);
      }
      for (const version of ["v1", "v3"]) {
        const response = await fetch(directory.at.baseUrl.replace("/v2/", `/${version}/`), {
          headers: { authorization: `Bearer ${directory.at.token}` },
        });
        expect([400, 401, 404, 501]).toContain(response.status);
        expect(await response.json()).toMatchObject({ status: String(response.status) });
      }
    });
  });

  describe("RFC 7644 §3.14: entity tags", () => {
    test("RFC 7644 §3.14: the header and meta.version are the same tag, weak or strong, in every answer that shows a resource", async () => {
      for (const [path, body] of [
        ["/Users", userBody(fresh())],
        ["/Groups", groupBody(fresh("group"))],
      ] as const) {
        const made = await directory.at.send("POST", path, body);
        const target = `${path}/${made.id}`;
        const answers = [
          made,
          await directory.at.send("GET", target),
          await directory.at.send("PUT", target, { ...body, externalId: "x" }),
          await directory.at.send(
            "PATCH",
            `${target}?attributes=meta`,
            patchOf({ op: "add", path: "externalId", value: "y" }),
          ),
        ];
        for (const answer of answers) {
          expect(answer.headers.get("etag")).toMatch(/^(W\/)?"[\x21\x23-\x7e]+"$/);
          expect((answer.body as Resource).meta.version).toBe(answer.headers.get("etag"));
        }
        for (const resource of (await list(directory.at, path, { filter: `id eq "${made.id}"` })).resources)
          expect(resource).toMatchObject({ meta: { version: answers.at(-1)?.headers.get("etag") } });
        const silent = await directory.at.send("PATCH", target, patchOf({ op: "remove", path: "externalId" }));
        expect(silent.headers.get("etag")).toBe((await read(directory.at, target)).meta.version);
      }
    });

    test("RFC 7644 §3.14: every change makes another version, what changes nothing does not", async () => {
      const { id } = await createUser(directory.at);
      const tags = new Set<string>();
      for (const title of ["a", "b", "a"]) {
        await directory.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "title", value: title }));
        tags.add((await read(directory.at, `/Users/${id}`)).meta.version ?? "");
      }
      expect(tags.size).toBe(3);
      const before = await read(directory.at, `/Users/${id}`);
      await directory.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "title", value: "a" }));
      await directory.at.send("PUT", `/Users/${id}`, before);
      expect(await read(directory.at, `/Users/${id}`)).toEqual(before);
    });

    test("RFC 7644 §3.14: a group's version changes with its members", async () => {
      const user = await createUser(directory.at);
      const { id, meta } = await createGroup(directory.at);
      await directory.at.send(
        "PATCH",
        `/Groups/${id}`,
        patchOf({ op: "add", path: "members", value: [{ value: user.id }] }),
      );
      const more = (await read(directory.at, `/Groups/${id}`)).meta.version;
      await directory.at.send("DELETE", `/Users/${user.id}`);
      const less = (await read(directory.at, `/Groups/${id}`)).meta.version;
      expect(new Set([meta.version, more, less]).size).toBe(3);
    });

    test("RFC 7644 §3.14: If-None-Match with the current version is 304 without a body, also with attributes", async () => {
      for (const [path, { id, meta }] of [
        ["/Users", await createUser(directory.at)],
        ["/Groups", await createGroup(directory.at)],
      ] as const)
        for (const parameters of ["", "?attributes=displayName"]) {
          const version = String(meta.version);
          const get = (tag: string) =>
            directory.at.send("GET", `${path}/${id}${parameters}`, undefined, { "if-none-match": tag });
          for (const tag of [version, version.replace(/^W\//, ""), `"other", ${version}`, "*"]) {
            const answer = await get(tag);
            expect([answer.status, answer.text, answer.headers.get("etag")], tag).toEqual([304, "", version]);
          }
          for (const tag of ['W/"other"', '"other"', "nonsense"]) expect((await get(tag)).status, tag).toBe(200);
        }
    });

    test("RFC 7644 §3.14: If-Match with the current version lets PUT, PATCH and DELETE through", async () => {
      for (const [path, body, { id }] of [
        ["/Users", userBody(fresh()), await createUser(directory.at)],
        ["/Groups", groupBody(fresh("group")), await createGroup(directory.at)],
      ] as const) {
        const target = `${path}/${id}`;
        const current = async () => ({ "if-match": String((await read(directory.at, target)).meta.version) });
        expect((await directory.at.send("PUT", target, body, await current())).status).toBe(200);
        const change = patchOf({ op: "add", path: "externalId", value: "x" });
        expect((await directory.at.send("PATCH", target, change, await current())).status).toBeLessThan(205);
        expect((await directory.at.send("PATCH", target, change, { "if-match": "*" })).status).toBeLessThan(205);
        expect((await directory.at.send("DELETE", target, undefined, await current())).status).toBe(204);
      }
    });

    test("RFC 7644 §3.14: If-Match with another version is 412 and changes nothing", async () => {
      for (const [path, body, made] of [
        ["/Users", userBody(fresh()), await createUser(directory.at)],
        ["/Groups", groupBody(fresh("group")), await createGroup(directory.at)],
      ] as const) {
        const target = `${path}/${made.id}`;
        for (const headers of [stale, { "if-match": '"a", W/"b"' }, { "if-match": "nonsense" }]) {
          expectError(await directory.at.send("PUT", target, body, headers), 412);
          expectError(
            await directory.at.send("PATCH", target, patchOf({ op: "add", path: "externalId", value: "x" }), headers),
            412,
          );
          expectError(
            await directory.at.send(
              "PATCH",
              target,
              patchOf({ op: "add", path: "displayName", value: made.displayName ?? "x" }),
              headers,
            ),
            412,
          );
          expectError(await directory.at.send("DELETE", target, undefined, headers), 412);
        }
        expect(await read(directory.at, target)).toEqual(made);
      }
    });

    test("RFC 7644 §3.14: a change of members alone is guarded too", async () => {
      const user = await createUser(directory.at);
      const made = await createGroup(directory.at, [user.id]);
      for (const operation of [
        { op: "remove", path: "members" },
        { op: "remove", path: `members[value eq "${user.id}"]` },
        { op: "add", path: "members", value: [{ value: user.id }] },
      ])
        expectError(await directory.at.send("PATCH", `/Groups/${made.id}`, patchOf(operation), stale), 412);
      expect(await read(directory.at, `/Groups/${made.id}`)).toEqual(made);
    });

    test("RFC 7644 §3.14: who does not exist is 404 also with If-Match", async () => {
      for (const method of ["PUT", "PATCH", "DELETE"])
        expectError(
          await directory.at.send(
            method,
            `/Users/${NOBODY}`,
            method === "PATCH"
              ? patchOf({ op: "add", path: "title", value: "x" })
              : method === "PUT"
                ? userBody("x")
                : undefined,
            stale,
          ),
          404,
        );
    });

    test("RFC 7644 §3.14: ServiceProviderConfig says that it is there", async () => {
      expect(await read(directory.at, "/ServiceProviderConfig")).toMatchObject({ etag: { supported: true } });
    });
  });
});
