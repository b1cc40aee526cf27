import { describe, expect, test } from "vitest";
import { ENTERPRISE, oneDirectory, patchOf, scimServer, sender } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  fresh,
  list,
  NOBODY,
  query,
  read,
  SEARCH_REQUEST,
  userBody,
} from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

describe("RFC 7644 §5: internationalized strings", () => {
  test.each([
    ["capitals", "ÄÖÜé", "äöüÉ"],
    ["composed and decomposed letters", "Zo\u00eb", "Zoe\u0308"],
    ["Hangul", "\uac00", "\u1100\u1161"],
    ["letters of full width", "ａｂｃ", "abc"],
    ["Greek capitals", "ΑΒΓ", "αβγ"],
    ["Cyrillic capitals", "ЖЩЯ", "жщя"],
  ])("RFC 7644 §5: two user names that differ in %s are one (RFC 7613 §3.2)", async (_, first, second) => {
    const prefix = fresh("name");
    await create(directory.at, "/Users", userBody(prefix + first));
    expectError(await directory.at.send("POST", "/Users", userBody(prefix + second)), 409, "uniqueness");
    expect((await list(directory.at, "/Users", { filter: `userName eq "${prefix}${second}"` })).resources).toHaveLength(
      1,
    );
  });

  test("RFC 7644 §5: a user name is shown as it was sent", async () => {
    const userName = fresh("Zoe\u0308-ÄÖ");
    expect(await create(directory.at, "/Users", userBody(userName))).toMatchObject({ userName });
  });

  test("RFC 7644 §7.8: what is compared without case is prepared the same way in filters", async () => {
    const title = fresh("Ärzt\u0065\u0301");
    await createUser(directory.at, { title });
    for (const spelled of [title, title.toUpperCase(), title.normalize("NFC"), title.normalize("NFD").toLowerCase()])
      expect((await list(directory.at, "/Users", { filter: `title eq "${spelled}"` })).resources).toHaveLength(1);
  });
});

describe("RFC 7644 §6: multi-tenancy", () => {
  test("RFC 7644 §6: each client has its own resources, and those of others do not exist for it", async () => {
    const sibling = await server.directory(directory.at.organization, fresh("sibling"));
    const foreign = await server.directory(await server.organization());
    for (const other of [sibling, foreign]) {
      const theirs = await createUser(other, { externalId: "theirs" });
      const group = await createGroup(other, [theirs.id]);
      for (const [method, path, body] of [
        ["GET", `/Users/${theirs.id}`, undefined],
        ["PUT", `/Users/${theirs.id}`, userBody("mine")],
        ["PATCH", `/Users/${theirs.id}`, patchOf({ op: "add", path: "title", value: "mine" })],
        ["DELETE", `/Users/${theirs.id}`, undefined],
        ["GET", `/Groups/${group.id}`, undefined],
        ["DELETE", `/Groups/${group.id}`, undefined],
      ] as const) {
        const answer = await directory.at.send(method, path, body);
        expectError(answer, 404);
        const never = await directory.at.send(method, path.replace(/[^/]+$/, NOBODY), body);
        expect(answer.text.replaceAll(path.split("/")[2] as string, NOBODY)).toBe(never.text);
      }
      for (const filter of [`id eq "${theirs.id}"`, 'externalId eq "theirs"', `groups.value eq "${group.id}"`])
        expect((await list(directory.at, "/Users", { filter })).body).toMatchObject({ totalResults: 0 });
      expect(await read(other, `/Users/${theirs.id}`)).toEqual({
        ...theirs,
        groups: [expect.objectContaining({ value: group.id })],
      });
    }
  });

  test("RFC 7644 §6.1: a client that names another tenant than its own is refused, whatever header it adds", async () => {
    const other = await server.directory(await server.organization());
    for (const headers of [
      {},
      { "x-tenant": other.organization },
      { host: "evil.example" },
      { "x-forwarded-host": "evil.example" },
    ]) {
      const answer = await sender(other.baseUrl, directory.at.token)("GET", "/Users", undefined, headers);
      expectError(answer, 401);
      expect(answer.text).not.toContain("evil.example");
    }
  });

  test("RFC 7644 §6.2: externalId and userName are unique in a tenant at most, and ids differ", async () => {
    const other = await server.directory(await server.organization());
    const body = userBody(fresh("shared"), { externalId: "shared" });
    const [first, second] = [await create(directory.at, "/Users", body), await create(other, "/Users", body)];
    expect(first.id).not.toBe(second.id);
    const sibling = await server.directory(directory.at.organization, fresh("sibling"));
    expect((await create(sibling, "/Users", body)).id).not.toBe(first.id);
  });
});

describe("RFC 7644 §7: security considerations", () => {
  test("RFC 7644 §7.4: a bearer token has entropy, and a limited lifetime", async () => {
    expect(directory.at.token.replace(/^.*_/, "").length).toBeGreaterThanOrEqual(22);
    const { rows } = await server.ctx.db.checkOut(directory.at.organization).then(async (client) => {
      const found = await client.query("select expires_at from tokens");
      client.release();
      return found;
    });
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.expires_at).toBeInstanceOf(Date);
  });

  test("RFC 7644 §7.5.2: personal data need not stand in a URI: every query can be made by POST", async () => {
    const { userName } = await createUser(directory.at);
    const answer = await directory.at.send("POST", "/Users/.search", {
      schemas: [SEARCH_REQUEST],
      filter: `userName eq "${userName}"`,
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.resources).toHaveLength(1);
  });

  test("RFC 7644 §7.6: anonymous creation is off", async () => {
    expectError(await sender(directory.at.baseUrl, null)("POST", "/Users", userBody(fresh())), 401);
  });

  test("RFC 7644 §7.7: no value is taken for anything but a value", async () => {
    const hostile = [
      "' or '1'='1",
      "'; drop table directory_users; --",
      "$1",
      "%s%n{0}",
      "#{1+1}",
      "\\",
      '") or userName pr or (userName eq "',
      "<script>",
      "$where",
      "\u2028",
    ];
    for (const text of hostile) {
      const made = await createUser(directory.at, {
        title: text,
        externalId: text,
        [ENTERPRISE]: { department: text },
      });
      expect(await read(directory.at, `/Users/${made.id}`)).toMatchObject({ title: text, externalId: text });
      const literal = JSON.stringify(text);
      const found = await list(directory.at, "/Users", {
        filter: `title eq ${literal} and externalId eq ${literal} and title co ${literal}`,
      });
      expect(found.resources.map((each) => each.id)).toEqual([made.id]);
      expectError(await directory.at.send("GET", query("/Users", { sortBy: text })), 400, "invalidValue");
      expect((await directory.at.send("GET", query("/Users", { attributes: text }))).status).toBe(200);
      expectError(await directory.at.send("GET", `/Users/${encodeURIComponent(text)}`), 404);
    }
  });

  test("RFC 7644 §7.7: a credential is nowhere shown: a password is never returned and cannot be asked for", async () => {
    const made = await createUser(directory.at, { password: "t1meMa$heen" });
    const put = await directory.at.send(
      "PUT",
      `/Users/${made.id}`,
      userBody(String(made.userName), { password: "t1meMa$heen-2" }),
    );
    const patched = await directory.at.send(
      "PATCH",
      `/Users/${made.id}?attributes=password`,
      patchOf({ op: "replace", path: "password", value: "t1meMa$heen-3" }),
    );
    const listed = await list(directory.at, "/Users", { attributes: "password" });
    for (const answer of [put, patched, listed]) expect(answer.text).not.toMatch(/password|t1meMa/);
    expectError(
      await directory.at.send("GET", query("/Users", { filter: 'password eq "t1meMa$heen"' })),
      400,
      "invalidFilter",
    );
    expectError(await directory.at.send("GET", query("/Users", { sortBy: "password" })), 400, "invalidValue");
  });
});
