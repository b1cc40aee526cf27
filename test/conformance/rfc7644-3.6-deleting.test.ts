import { describe, expect, test } from "vitest";
import { ENTERPRISE, patchOf, scimServer } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  groupBody,
  inProfiles,
  list,
  NOBODY,
  read,
  userBody,
} from "./client.ts";

const server = await scimServer();

inProfiles(server, (directory) => {
  describe("RFC 7644 §3.6: deleting", () => {
    test("RFC 7644 §3.6: 204 without a body, for users and groups", async () => {
      for (const path of [
        `/Users/${(await createUser(directory.at)).id}`,
        `/Groups/${(await createGroup(directory.at)).id}`,
      ]) {
        const answer = await directory.at.send("DELETE", path);
        expect([answer.status, answer.text]).toEqual([204, ""]);
      }
    });

    test("RFC 7644 §3.6: 404 for every operation on it afterwards, as for what never was", async () => {
      const user = await createUser(directory.at, { externalId: "gone" });
      const group = await createGroup(directory.at);
      for (const [path, body] of [
        ["/Users", userBody(String(user.userName))],
        ["/Groups", groupBody(String(group.displayName))],
      ] as const) {
        const id = path === "/Users" ? user.id : group.id;
        await directory.at.send("DELETE", `${path}/${id}`);
        for (const [method, content] of [
          ["GET", undefined],
          ["PUT", body],
          ["PATCH", patchOf({ op: "add", path: "externalId", value: "x" })],
          ["DELETE", undefined],
        ] as const) {
          const answer = await directory.at.send(method, `${path}/${id}`, content);
          expectError(answer, 404);
          const never = await directory.at.send(method, `${path}/${NOBODY}`, content);
          expect(answer.text).toBe(never.text.replaceAll(NOBODY, id));
        }
        expect((await directory.at.send("HEAD", `${path}/${id}`)).status).toBe(404);
      }
    });

    test("RFC 7644 §3.6: it is in no query result any more", async () => {
      const user = await createUser(directory.at, { externalId: "gone-2" });
      const group = await createGroup(directory.at, [user.id]);
      await directory.at.send("DELETE", `/Users/${user.id}`);
      for (const filter of [
        `id eq "${user.id}"`,
        `userName eq "${user.userName}"`,
        'externalId eq "gone-2"',
        `meta.location eq "${user.meta.location}"`,
      ])
        expect((await list(directory.at, "/Users", { filter })).body).toMatchObject({ totalResults: 0 });
      expect((await list(directory.at, "/Groups", { filter: `members.value eq "${user.id}"` })).body).toMatchObject({
        totalResults: 0,
      });
      expect(((await read(directory.at, `/Groups/${group.id}`)) as { members?: unknown[] }).members ?? []).toEqual([]);
      await directory.at.send("DELETE", `/Groups/${group.id}`);
      expect((await list(directory.at, "/Groups", { filter: `id eq "${group.id}"` })).body).toMatchObject({
        totalResults: 0,
      });
    });

    test("RFC 7644 §3.6: it is in no conflict: its names are free again", async () => {
      const user = await createUser(directory.at);
      await directory.at.send("DELETE", `/Users/${user.id}`);
      const again = await create(directory.at, "/Users", userBody(String(user.userName)));
      expect(again.id).not.toBe(user.id);
      expectError(await directory.at.send("GET", `/Users/${user.id}`), 404);
      const group = await createGroup(directory.at);
      await directory.at.send("DELETE", `/Groups/${group.id}`);
      expect((await create(directory.at, "/Groups", groupBody(String(group.displayName)))).id).not.toBe(group.id);
    });

    test("RFC 7644 §3.6: whoever refers to it is not deleted with it", async () => {
      const manager = await createUser(directory.at);
      const report = await createUser(directory.at, { [ENTERPRISE]: { manager: { value: manager.id } } });
      const group = await createGroup(directory.at, [report.id, manager.id]);
      await directory.at.send("DELETE", `/Users/${manager.id}`);
      expect((await directory.at.send("GET", `/Users/${report.id}`)).status).toBe(200);
      expect(await read(directory.at, `/Groups/${group.id}`)).toMatchObject({ members: [{ value: report.id }] });
      await directory.at.send("DELETE", `/Groups/${group.id}`);
      expect(await read(directory.at, `/Users/${report.id}`)).not.toHaveProperty("groups");
    });

    test("RFC 7644 §3.6: If-Match guards it (§3.14)", async () => {
      for (const [path, { id, meta }] of [
        ["/Users", await createUser(directory.at)],
        ["/Groups", await createGroup(directory.at)],
      ] as const) {
        expectError(await directory.at.send("DELETE", `${path}/${id}`, undefined, { "if-match": 'W/"other"' }), 412);
        expect((await directory.at.send("GET", `${path}/${id}`)).status).toBe(200);
        expect(
          (await directory.at.send("DELETE", `${path}/${id}`, undefined, { "if-match": String(meta.version) })).status,
        ).toBe(204);
      }
    });

    test("RFC 7644 §3.6: what never was is 404", async () => {
      for (const path of [`/Users/${NOBODY}`, `/Groups/${NOBODY}`, "/Users/nobody", "/Groups/nobody"])
        expectError(await directory.at.send("DELETE", path), 404);
    });
  });
});
