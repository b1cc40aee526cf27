import { describe, expect, test } from "vitest";
import { type Answer, ENTERPRISE, oneDirectory, patchOf, scimServer, userOf } from "./endpoint.ts";

const server = await scimServer();
const okta = oneDirectory(server);

let number = 0;
const someName = () => `person-${++number}@example.com`;

async function created(more: Record<string, unknown> = {}): Promise<string> {
  const answer = await okta.at.send("POST", "/Users", userOf(someName(), more));
  expect(answer.status).toBe(201);
  return answer.id;
}

const setActive = (value: unknown) => patchOf({ op: "replace", path: "active", value });

/** The same request with a condition that always holds, for which the record is read first. */
const readFirst = { "if-match": "*" };

/** An answer as it would be for somebody else at another time. */
const face = ({ status, text }: Answer, id: string) =>
  `${status} ${text.replaceAll(id, "ID").replaceAll(/(person|twin)-\d+/g, "NAME")}`
    .replaceAll(/"(created|lastModified)":"[^"]*"/g, '"$1":"TIME"')
    // As the database writes JSON, or as we do.
    .replaceAll(/([:,]) /g, "$1");

describe("RFC 7644 §3.5.2: a PATCH of active alone, for which nobody reads the record first", () => {
  test.each([
    ["replaced", setActive(false)],
    ["added", patchOf({ op: "add", path: "active", value: false })],
    ["as a text", setActive("False")],
    ["without a path", patchOf({ op: "replace", value: { active: false } })],
    ["by its URN", patchOf({ op: "replace", path: "urn:ietf:params:scim:schemas:core:2.0:User:active", value: false })],
    ["as a list of one", setActive([false])],
    ["as it was", setActive(true)],
  ])("%s: answers as one that reads it", async (_, body) => {
    const content = {
      name: { familyName: "Jensen" },
      emails: [{ value: "a@example.com" }, { value: "b@example.com" }],
      [ENTERPRISE]: { department: "Tour Operations" },
    };
    for (const query of ["", "?attributes=userName", "?excludedAttributes=groups,emails"]) {
      const answers: string[] = [];
      for (const headers of [{}, readFirst]) {
        const id = await created({ ...content, externalId: `twin-${++number}` });
        const answer = await okta.at.send("PATCH", `/Users/${id}${query}`, body, headers);
        const now = await okta.at.send("GET", `/Users/${id}${query}`);
        expect(answer.headers.get("etag")).toBe(now.headers.get("etag"));
        answers.push(face(answer, id), face(now, id), `${answer.headers.get("content-location")}`.replace(id, "ID"));
      }
      expect(answers.slice(0, 3)).toEqual(answers.slice(3));
    }
  });

  test("writes what it changes, once, and nothing when it changes nothing", async () => {
    const id = await created();
    const versions: (string | null)[] = [];
    for (const value of [true, false, false, true])
      versions.push((await okta.at.send("PATCH", `/Users/${id}`, setActive(value))).headers.get("etag"));
    expect(versions).toEqual(['W/"1"', 'W/"2"', 'W/"2"', 'W/"3"']);
    const db = server.ctx.db.of(okta.at.organization);
    for (const [table, name, detail] of [
      ["audit", "action", "detail"],
      ["outbox", "kind", "data"],
    ]) {
      const rows = await db.query<{ detail: unknown }>({
        text: `select ${detail} as detail from ${table}
          where organization = $1 and subject = $2 and ${name} = 'directory-user.updated' order by id`,
        values: [okta.at.organization, id],
      });
      const change = { directory: okta.at.directory, userName: `person-${number}@example.com` };
      expect(rows.map((row) => row.detail)).toEqual([
        { ...change, active: false },
        { ...change, active: true },
      ]);
    }
  });

  test("shows the groups, those above them too, whoever is active", async () => {
    const id = await created();
    const inner = await okta.at.send("POST", "/Groups", { displayName: "Inner", members: [{ value: id }] });
    const outer = await okta.at.send("POST", "/Groups", {
      displayName: "Outer",
      members: [{ value: inner.id, type: "Group" }],
    });
    for (const value of [false, false, true]) {
      const answer = await okta.at.send("PATCH", `/Users/${id}`, setActive(value));
      expect(answer.body).toEqual((await okta.at.send("GET", `/Users/${id}`)).body);
      expect(answer.body).toMatchObject({
        active: value,
        groups: [
          { value: inner.id, type: "direct" },
          { value: outer.id, type: "indirect" },
        ],
      });
    }
  });

  test("of nobody, of somebody who was removed, and of another directory's person it is 404", async () => {
    const gone = await created();
    expect((await okta.at.send("DELETE", `/Users/${gone}`)).status).toBe(204);
    const elsewhere = await server.directory(okta.at.organization, "elsewhere");
    const theirs = await elsewhere.send("POST", "/Users", userOf(someName()));
    for (const id of ["0192f6f0-0000-7000-8000-000000000000", gone, theirs.id])
      expect((await okta.at.send("PATCH", `/Users/${id}`, setActive(false))).status).toBe(404);
    expect((await elsewhere.send("GET", `/Users/${theirs.id}`)).body).toMatchObject({ active: true });
  });

  test("a value that is none is refused, whatever the directory", async () => {
    const id = await created();
    for (const value of ["perhaps", 1, null, {}, [true, false]])
      expect((await okta.at.send("PATCH", `/Users/${id}`, setActive(value))).body).toMatchObject({
        scimType: "invalidValue",
      });
    expect((await okta.at.send("GET", `/Users/${id}`)).body).toMatchObject({ active: true });
  });
});
