import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { newTokenText } from "../../../src/identity/token-form.ts";
import { maskBody } from "../../../src/scim/masking/body.ts";
import { maskDetail } from "../../../src/scim/masking/detail.ts";
import { maskExpression } from "../../../src/scim/masking/expression.ts";
import { maskPath, maskQuery } from "../../../src/scim/masking/target.ts";
import { scaled, seed } from "../../harness/scale.ts";

const ID = "0198c3a0-0000-7000-8000-000000000001";
const bodyOf = (body: unknown) => JSON.parse(maskBody(body, "masked").json) as unknown;

describe("what a reader of the log sees of a body", () => {
  it("is its shape: names, schemas, ids, booleans and types stand, whatever names a person is masked", () => {
    expect(
      bodyOf({
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", "http://schemas.microsoft.com/2006/11/Group"],
        externalId: ID,
        userName: "ada.lovelace@example.com",
        active: "True",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { employeeNumber: 701984, manager: null },
        name: { givenName: "Ada", familyName: "李" },
        emails: [{ type: "work", primary: true, value: "ada@example.com" }],
        roles: [],
      }),
    ).toEqual({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", "http://schemas.microsoft.com/2006/11/Group"],
      externalId: ID,
      userName: "a…(12)@example.com",
      active: "True",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { employeeNumber: "…(number)", manager: null },
      name: { givenName: "A…(3)", familyName: "…(1)" },
      emails: [{ type: "work", primary: true, value: "a…(3)@example.com" }],
      roles: [],
    });
  });

  it("keeps operations and paths, and masks what a path compares with", () => {
    expect(
      bodyOf({
        Operations: [
          {
            op: "Replace",
            path: 'emails[type eq "work" and value eq "ada@example.com"].value',
            value: "ada@new.example",
          },
          { op: "remove", path: `members[value eq "${ID}"]` },
          { op: "remove", path: "members[value eq ada]" },
        ],
      }),
    ).toEqual({
      Operations: [
        {
          op: "Replace",
          path: 'emails[type eq "work" and value eq "a…(3)@example.com"].value',
          value: "a…(3)@new.example",
        },
        { op: "remove", path: `members[value eq "${ID}"]` },
        { op: "remove", path: "members[value eq a…(3)]" },
      ],
    });
  });

  it("keeps what a Bulk and a search request ask for", () => {
    expect(
      bodyOf({
        failOnErrors: 1,
        Operations: [
          { method: "PATCH", path: `/Users/${ID}`, bulkId: "lovelace", data: { manager: { value: "bulkId:ada" } } },
        ],
      }),
    ).toEqual({
      failOnErrors: 1,
      Operations: [
        { method: "PATCH", path: `/Users/${ID}`, bulkId: "l…(8)", data: { manager: { value: "bulkId:a…(3)" } } },
      ],
    });
    expect(
      bodyOf({
        filter: 'userName sw "ad" and not (active eq false)',
        attributes: ["userName"],
        startIndex: 1,
        count: 100,
      }),
    ).toEqual({
      filter: 'userName sw "…(2)" and not (active eq false)',
      attributes: ["userName"],
      startIndex: 1,
      count: 100,
    });
  });

  it("keeps members apart from the order in which they came", () => {
    expect(maskBody(JSON.parse('{"b":1,"a":{"__proto__":2},"b2":true}'), "masked").json).toBe(
      '{"b":"…(number)","a":{"__proto__":"…(number)"},"b2":true}',
    );
  });

  it("is bounded, and tells how much was left out", () => {
    const members = Array.from({ length: 5_000 }, (_, i) => ({ value: `person-${i}` }));
    const masked = maskBody({ members }, "masked");
    expect(masked.cut).toBe(true);
    expect(JSON.parse(masked.json).members.slice(19)).toEqual([{ value: "p…(9)" }, "…(4980 more)"]);

    const wide = Object.fromEntries(Array.from({ length: 61 }, (_, i) => [`a${i}`, true]));
    expect(JSON.parse(maskBody(wide, "masked").json)).toMatchObject({ a59: true, "…": "…(1 more)" });

    let deep: unknown = "x";
    for (let i = 0; i < 3_000; i++) deep = i % 2 === 0 ? { a: deep } : [deep];
    expect(maskBody(deep, "masked")).toMatchObject({ cut: true, json: expect.stringMatching(/^.{0,100}$/) });

    const long = { Operations: Array.from({ length: 20 }, () => ({ path: "x".repeat(900), value: "y".repeat(900) })) };
    for (const visibility of ["masked", "clear"] as const) {
      const { json, cut } = maskBody(long, visibility);
      expect(cut).toBe(visibility === "clear");
      expect(json.length).toBeLessThan(10_500);
      expect(() => JSON.parse(json)).not.toThrow();
    }
  });

  it("ends soon for a body that is all keys, all numbers or one endless text", () => {
    for (const body of [
      Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key${i}`, "x"])),
      Array.from({ length: 50_000 }, (_, i) => i),
      { filter: '"'.repeat(100_000), path: "[".repeat(100_000), value: "\\".repeat(100_000) },
      "x".repeat(1_000_000),
    ])
      expect(maskBody(body, "masked").json.length).toBeLessThan(10_000);
  });
});

describe("a secret", () => {
  const token = newTokenText("scim");
  const secrets: unknown[] = [
    { password: "hunter2-hunter2" },
    { PassWord: ["hunter2-hunter2"] },
    { "urn:ietf:params:scim:schemas:core:2.0:User": { password: { value: "hunter2-hunter2" } } },
    { "urn:ietf:params:scim:schemas:core:2.0:User:password": "hunter2-hunter2" },
    { Operations: [{ op: "replace", path: "password", value: "hunter2-hunter2" }] },
    {
      Operations: [
        { value: "hunter2-hunter2", Path: "urn:ietf:params:scim:schemas:core:2.0:User:password", op: "Add" },
      ],
    },
    { Operations: [{ op: "replace", value: { "x.password": "hunter2-hunter2" } }] },
    { Operations: [{ op: "remove", path: 'password[value eq "hunter2-hunter2"]' }] },
    { attributes: [{ name: "userPassword", value: "hunter2-hunter2" }] },
    { clientSecret: 15_151_515 },
    { filter: 'password eq "hunter2-hunter2"' },
    { filter: "password eq hunter2-hunter2" },
    { nickName: token },
    { [token]: 1 },
    { note: `the token is ${token}` },
    { note: "Authorization: Bearer hunter2-hunter2" },
    { note: "Basic aHVudGVyMjpodW50ZXIy" },
    { note: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2ln" },
    { path: `/Users/${token}` },
  ];
  it.each(secrets.map((body) => [body]))("leaves nothing of itself, in any form: %j", (body) => {
    for (const visibility of ["masked", "clear"] as const) {
      const { json } = maskBody(body, visibility);
      expect(json).toContain("***");
      expect(json).not.toMatch(/hunter2|mst_|eyJ|aHVu|15151515/);
      // Neither its first character nor its length.
      expect(json).not.toMatch(/[hmBe]…|\((15|24|49|58|59)\)/);
    }
  });

  it("stays out of queries, paths and error texts", () => {
    for (const visibility of ["masked", "clear"] as const) {
      const shown = [
        maskQuery(`access_token=${token}&filter=password%20eq%20%22hunter2-hunter2%22&q=${token}`, visibility),
        maskQuery("filter=password+eq+hunter2-hunter2&Authorization=Bearer%20hunter2-hunter2", visibility),
        maskPath(`/Users/${token}`, visibility),
        maskDetail(`there is no ${token} here`, "", "", visibility),
        maskExpression(`Operations[0].${token}`, "place", visibility),
      ].join("\n");
      expect(shown).not.toMatch(/hunter2|mst_|…\(/);
    }
  });
});

describe("what a reader of the log sees of a request's target", () => {
  it.each([
    ["filter=userName%20eq%20%22ada%40example.com%22&count=10", 'filter=userName eq "a…(3)@example.com"&count=10'],
    ["filter=active+eq+True+and+id+pr", "filter=active eq True and id pr"],
    ["filter=emails[type eq work and value co ada]", "filter=emails[type eq work and value co a…(3)]"],
    ["filter=userName eq 'ada.lovelace'", "filter=userName eq 'a…(12)'"],
    ['filter=userName eq "ada', 'filter=userName eq "a…(3)'],
    ['filter=userName eq "a\\"da" or x', 'filter=userName eq "a…(5)" or …(1)'],
    ["filter=ada.lovelace", "filter=a…(12)"],
    ["filter=%E0%A4%A", "filter=%…(8)"],
    [
      "sortBy=name.familyName&sortOrder=descending&startIndex=-5",
      "sortBy=name.familyName&sortOrder=descending&startIndex=-5",
    ],
    [
      "attributes=userName,emails.value&excludedAttributes=ada@example.com",
      "attributes=userName,emails.value&excludedAttributes=a…(3)@example.com",
    ],
    ["startIndex=ada&ada@x.example=1&flag", "startIndex=a…(3)&a…(3)@x.example=…(1)&flag"],
  ])("%s", (query, shown) => {
    expect(maskQuery(query, "masked")).toBe(shown);
  });

  it.each([
    ["/Users", "/Users"],
    [`/Users/${ID}`, `/Users/${ID}`],
    ["/Users/ada%40example.com", "/Users/a…(3)@example.com"],
    ["/Users/.search", "/Users/.search"],
    ["/scim/v2/Users/lovelace", "/scim/v2/Users/l…(8)"],
    ["/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"],
    ["/urn:lovelace", "/u…(12)"],
    [`/${"a/".repeat(50)}`, `${"/…(1)".repeat(8)}/…`],
    ["/%00ada", "/…(4)"],
  ])("%s", (path, shown) => {
    expect(maskPath(path, "masked")).toBe(shown);
  });

  it("shows the places of warnings", () => {
    expect(maskExpression('Operations[12].value.emails[value eq "ada"].x, character 17', "place", "masked")).toBe(
      'Operations[12].value.emails[value eq "a…(3)"].x, character 17',
    );
  });

  it("masks a word in an error text that the masked request hides", () => {
    const sent = "/Users filter=lovelace";
    expect(maskDetail("User has no attribute lovelace (character 1)", sent, "/Users filter=l…(8)", "masked")).toBe(
      "User has no attribute l…(8) (character 1)",
    );
    expect(
      maskDetail("User has no attribute nickname.", "filter=nickname eq 1", "filter=nickname eq …(1)", "masked"),
    ).toBe("User has no attribute nickname.");
    expect(maskDetail("ada@example.com, is no attribute", "", "", "masked")).toBe("a…(3)@example.com, is no attribute");
  });
});

/** A word that no schema and no error text has; the mask may tell its first character. */
const word = fc
  .string({ unit: fc.constantFrom(..."bcdfghjklmnpqrstvwxz"), minLength: 8, maxLength: 14 })
  .map((text) => `Q${text}`);
const planted = fc.oneof(
  word,
  word.map((text) => `${text}@example.com`),
  word.map((text) => `x@${text}`),
  word.map((text) => `x <x@${text}.example>`),
  fc.tuple(word, word).map(([first, second]) => `${first} ${second}`),
  word.map((text) => `+49 (${text}) "${text}"\\`),
  word.map((text) => `https://example.com/${text}?x=${text}`),
);
const quoted = planted.map((text) => JSON.stringify(text));
const filter = fc.oneof(
  quoted.map((text) => `userName eq ${text}`),
  quoted.map((text) => `emails[type eq "work" and value co ${text}].value`),
  fc.tuple(quoted, word).map(([text, bare]) => `not (name.familyName sw ${text}) or active eq ${bare}`),
  quoted.map((text) => `members[value eq ${text.slice(0, -1)}`),
  quoted,
);
const name = fc.constantFrom(
  "value",
  "userName",
  "displayName",
  "type",
  "op",
  "schemas",
  "method",
  "bulkId",
  "$ref",
  "id",
  "name",
  "x-own",
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    planted,
    fc.boolean(),
    tie("object"),
    tie("list"),
    tie("operation"),
  ),
  object: fc.dictionary(
    fc.oneof(
      name,
      planted.filter((text) => /\W/.test(text)),
    ),
    tie("value"),
    { maxKeys: 5 },
  ),
  list: fc.array(tie("value"), { maxLength: 25 }),
  operation: fc.record(
    { op: fc.constantFrom("add", "Replace"), path: filter, filter, value: tie("value") },
    { requiredKeys: [] },
  ),
}));

test("nothing that names a person is ever shown, wherever it is put", () => {
  fc.assert(
    fc.property(json.value, filter, planted, (body, sought, text) => {
      const query = `filter=${encodeURIComponent(sought)}&x=${encodeURIComponent(text)}&cursor=${encodeURIComponent(text)}`;
      const path = `/Users/${encodeURIComponent(text)}`;
      const [shownPath, shownQuery] = [maskPath(path, "masked"), maskQuery(query, "masked")];
      const shown = [
        maskBody(body, "masked").json,
        shownQuery,
        shownPath,
        maskExpression(`Operations[1].${sought}`, "place", "masked"),
        maskDetail(`there is no ${text} here`, `${path} ${query}`, `${shownPath} ${shownQuery}`, "masked"),
      ];
      // Every planted word has these letters behind its Q.
      for (const each of shown) expect(each).not.toMatch(/Q[b-z]/);
    }),
    { numRuns: scaled(20_000), seed },
  );
});

test("what is shown of a body is JSON of some 8 KB, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 20 }),
      fc.constantFrom("masked" as const, "clear" as const),
      (body, visibility) => {
        const { json: shown } = maskBody(body, visibility);
        JSON.parse(shown);
        expect(shown.length).toBeLessThan(20_000);
      },
    ),
    { numRuns: scaled(5_000), seed },
  );
});

test("of what providers are known to send, every name, operation and schema stays readable", () => {
  const folder = join(import.meta.dirname, "../../fixtures/idp");
  let bodies = 0;
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((each) =>
    each.endsWith(".json"),
  )) {
    const { exchanges } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      exchanges?: { request: { body?: unknown } }[];
    };
    for (const { request } of exchanges ?? []) {
      if (typeof request.body !== "object" || request.body === null) continue;
      bodies++;
      const shown = JSON.parse(maskBody(request.body, "masked").json) as unknown;
      expect(readable(shown)).toEqual(readable(request.body));
    }
  }
  expect(bodies).toBeGreaterThan(50);
});

/** Names, operations, schemas and booleans, with the shape in which they stand. */
function readable(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((element) => readable(element, key));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner, name)]));
  return ["op", "schemas", "resourceType"].includes(key) || typeof value === "boolean" || value === null ? value : "…";
}
