import { describe, expect, test } from "vitest";
import { oneDirectory, patchOf, scimServer } from "../scim/endpoint.ts";
import { createUser, expectError, fresh, LIST_RESPONSE, list, read, userBody } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

describe("RFC 7644 §3.8: data formats", () => {
  test("RFC 7644 §3.8: UTF-8 in and out, by default and announced", async () => {
    const title = "Ævintýri 冒険 🧗 \u202e\u0301 ‑ \u00a0";
    for (const type of [
      "application/scim+json",
      "application/scim+json; charset=utf-8",
      'application/json; charset="UTF-8"',
    ]) {
      const answer = await directory.at.send("POST", "/Users", userBody(fresh(), { title }), { "content-type": type });
      expect(answer.status, answer.text).toBe(201);
      expect(answer.headers.get("content-type")).toMatch(/^application\/scim\+json(; ?charset=utf-8)?$/i);
      expect(await read(directory.at, `/Users/${answer.id}`)).toMatchObject({ title });
    }
  });

  test("RFC 7644 §3.8: another encoding must be announced, and is refused with 415", async () => {
    for (const charset of ["utf-16", "iso-8859-1", "utf-7", "nonsense"])
      expectError(
        await directory.at.send("POST", "/Users", userBody(fresh()), {
          "content-type": `application/scim+json; charset=${charset}`,
        }),
        415,
      );
  });

  test("RFC 7644 §3.8: bytes that are no UTF-8 are 400, never stored", async () => {
    const [head, tail] = JSON.stringify(userBody("bytes-X")).split("X") as [string, string];
    const body = Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from(tail)]);
    const response = await fetch(`${directory.at.baseUrl}/Users`, {
      method: "POST",
      headers: { authorization: `Bearer ${directory.at.token}`, "content-type": "application/scim+json" },
      body,
    });
    expect(response.status).toBe(400);
    expect((await list(directory.at, "/Users", { filter: 'userName sw "bytes"' })).resources).toEqual([]);
  });

  test("RFC 7644 §3.8: application/json is taken as application/scim+json is, in every method with a body", async () => {
    const headers = { "content-type": "application/json" };
    const made = await directory.at.send("POST", "/Users", userBody(fresh()), headers);
    expect(made.status).toBe(201);
    const path = `/Users/${made.id}`;
    expect((await directory.at.send("PUT", path, userBody(fresh()), headers)).status).toBe(200);
    const patched = await directory.at.send("PATCH", path, patchOf({ op: "add", path: "title", value: "x" }), headers);
    expect([200, 204]).toContain(patched.status);
  });

  test.each([
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-patch+json",
    "json",
    "*/*",
  ])("RFC 7644 §3.8: a body of type %s is 415", async (type) => {
    for (const [method, path] of [
      ["POST", "/Users"],
      ["PUT", `/Users/${(await createUser(directory.at)).id}`],
      ["PATCH", `/Users/${(await createUser(directory.at)).id}`],
    ] as const)
      expectError(await directory.at.send(method, path, userBody(fresh()), { "content-type": type }), 415);
  });

  test.each([
    "application/scim+json",
    "application/json",
    "application/*",
    "*/*",
    "application/scim+json, application/json;q=0.5",
    "text/html, application/json;q=0.1",
    "application/scim+json; charset=utf-8",
    "APPLICATION/SCIM+JSON",
  ])("RFC 7644 §3.8: Accept: %s is served, errors too", async (accept) => {
    const answer = await directory.at.send("GET", "/Users", undefined, { accept });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^application\/(scim\+)?json\b/);
    expect(answer.body).toMatchObject({ schemas: [LIST_RESPONSE] });
    expect((await directory.at.send("GET", "/Users/nobody", undefined, { accept })).status).toBe(404);
  });

  test.each(["text/html", "application/xml", "image/*"])("RFC 7644 §3.8: Accept: %s is 406", async (accept) => {
    expectError(await directory.at.send("GET", "/Users", undefined, { accept }), 406);
  });

  test("RFC 7644 §3.8: without Accept the format is application/scim+json", async () => {
    const response = await fetch(`${directory.at.baseUrl}/Users`, {
      headers: { authorization: `Bearer ${directory.at.token}` },
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/scim\+json\b/);
    await response.arrayBuffer();
  });

  test("RFC 7644 §3.8: singular, multi-valued and nested values have their JSON forms", async () => {
    const made = await createUser(directory.at, {
      title: "x",
      active: true,
      name: { givenName: "B" },
      emails: [{ value: "b@example.com", primary: true }],
    });
    expect(made).toMatchObject({
      title: "x",
      active: true,
      name: { givenName: "B" },
      emails: [{ value: "b@example.com", primary: true }],
    });
  });

  test("RFC 7644 §1.2: URLs are percent-encoded, and decoded once", async () => {
    const title = '100% +plus&and=equal#hash "quoted" 日本';
    await createUser(directory.at, { title });
    const filter = `title eq ${JSON.stringify(title)}`;
    expect((await list(directory.at, "/Users", { filter })).resources).toHaveLength(1);
    await createUser(directory.at, { title: "%41" });
    expect((await list(directory.at, "/Users", { filter: 'title eq "%41"' })).resources).toHaveLength(1);
    expect((await list(directory.at, "/Users", { filter: 'title eq "A"' })).resources).toHaveLength(0);
  });
});

describe("RFC 7644 §8.1: the media type", () => {
  test("RFC 7644 §8.1: application/scim+json on every body, of success and of failure", async () => {
    const { id } = await createUser(directory.at);
    for (const [method, path, body] of [
      ["GET", "/Users", undefined],
      ["GET", `/Users/${id}`, undefined],
      ["GET", "/Schemas", undefined],
      ["POST", "/Users", userBody(fresh())],
      ["PUT", `/Users/${id}`, userBody(fresh())],
      ["POST", "/Users", {}],
      ["GET", "/Nothing", undefined],
    ] as const)
      expect((await directory.at.send(method, path, body)).headers.get("content-type"), `${method} ${path}`).toMatch(
        /^application\/scim\+json\b/,
      );
  });
});

describe("RFC 7644 §8.2: URIs of messages", () => {
  test("RFC 7644 §8.2: lists and errors carry theirs", async () => {
    expect((await directory.at.send("GET", "/Users")).body).toMatchObject({ schemas: [LIST_RESPONSE] });
    expectError(await directory.at.send("GET", "/Users/nobody"), 404);
  });
});
