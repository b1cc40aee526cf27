import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { schemaExtensionList } from "../../src/identity/schema-extensions/form.ts";
import { setSchemaExtensions } from "../../src/identity/schema-extensions/write.ts";
import { type Endpoint, patchOf, scimServer, system } from "../scim/endpoint.ts";
import {
  createUser,
  directoryOf,
  expectError,
  fresh,
  list,
  query,
  type Resource,
  read,
  SEARCH_REQUEST,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();
const BADGE = "urn:example:params:scim:schemas:extension:badge:2.0:User";

/** Types and characteristics that no schema of the RFC uses, in an extension that an organization declares. */
const EXTENSION = {
  urn: BADGE,
  resource: "User",
  name: "Badge",
  description: "What a person's badge says",
  attributes: [
    { name: "floor", type: "integer" },
    { name: "weight", type: "decimal" },
    { name: "issuedAt", type: "dateTime" },
    { name: "lost", type: "boolean" },
    { name: "picture", type: "binary" },
    { name: "code", type: "string", caseExact: true },
    { name: "colours", type: "string", multiValued: true },
    { name: "serial", type: "string", mutability: "immutable" },
    { name: "pin", type: "string", mutability: "writeOnly" },
    { name: "door", type: "string", returned: "request" },
    { name: "stamp", type: "string", returned: "always" },
    { name: "secret", type: "string", returned: "never" },
    {
      name: "keys",
      type: "complex",
      multiValued: true,
      subAttributes: [
        { name: "value", type: "string" },
        { name: "teeth", type: "integer" },
      ],
    },
  ],
};

let at: Endpoint;

beforeAll(async () => {
  const organization = await server.organization();
  at = await directoryOf(server, organization, "strict");
  const extensions = schemaExtensionList.parse([EXTENSION]);
  await inTransaction(server.ctx, system(organization), (tx) => setSchemaExtensions(tx, extensions), {
    lock: "exclusive",
  });
});

const badge = (values: Record<string, unknown>) => ({ schemas: [USER, BADGE], [BADGE]: values });
const held = async (id: string) => (await read(at, `/Users/${id}`))[BADGE] as Record<string, unknown> | undefined;
const patch = (id: string, ...operations: unknown[]) => at.send("PATCH", `/Users/${id}`, patchOf(...operations));

async function found(filter: string): Promise<unknown[]> {
  return (await list(at, "/Users", { filter })).resources.map((user) => user.userName).sort();
}

describe("RFC 7643 §2.3: types that an organization uses in its own extension", () => {
  test("RFC 7643 §2.3.4: an integer is a whole number, compared by its value", async () => {
    const made: Resource[] = [];
    for (const floor of [2, 10, -3])
      made.push(await createUser(at, { ...badge({ floor, code: "integers" }), userName: fresh(`floor ${floor}`) }));
    const names = (...places: number[]) => places.map((place) => made[place]?.userName).sort();
    const path = `${BADGE}:floor`;
    expect(await found(`${path} gt 9`)).toEqual(names(1));
    expect(await found(`${path} ge 2`)).toEqual(names(0, 1));
    expect(await found(`${path} lt 10`)).toEqual(names(0, 2));
    expect(await found(`${path} le -3`)).toEqual(names(2));
    expect(await found(`${path} eq 10`)).toEqual(names(1));
    expect(await found(`${path} eq 10.0`)).toEqual(names(1));
    const sorted = await list(at, "/Users", { sortBy: path, filter: `${BADGE}:code eq "integers"` });
    expect(sorted.resources.map((user) => (user[BADGE] as { floor: number }).floor)).toEqual([-3, 2, 10]);
    for (const wrong of [1.5, "2", true, {}])
      expectError(await at.send("POST", "/Users", userBody(fresh(), badge({ floor: wrong }))), 400, [
        "invalidValue",
        "invalidSyntax",
      ]);
    expectError(await at.send("GET", query("/Users", { filter: `${path} co 1` })), 400, "invalidFilter");
    expectError(await at.send("GET", query("/Users", { filter: `${path} eq "x"` })), 400, "invalidFilter");
  });

  test("RFC 7643 §2.3.3: a decimal is a number, compared by its value", async () => {
    const { id, userName } = await createUser(at, badge({ weight: 2.75 }));
    expect(await held(id)).toEqual({ weight: 2.75 });
    expect(await found(`${BADGE}:weight gt 2.5`)).toEqual([userName]);
    expect(await found(`${BADGE}:weight gt 10`)).toEqual([]);
    expectError(await at.send("POST", "/Users", userBody(fresh(), badge({ weight: "2.5" }))), 400, "invalidValue");
  });

  test("RFC 7643 §2.3.5: a DateTime has a date and a time, and is compared as a moment", async () => {
    const { userName } = await createUser(at, badge({ issuedAt: "2026-01-31T12:00:00+02:00" }));
    for (const filter of [
      'eq "2026-01-31T10:00:00Z"',
      'gt "2026-01-31T11:59:59+02:00"',
      'lt "2026-01-31T10:00:00.001Z"',
    ])
      expect(await found(`${BADGE}:issuedAt ${filter}`)).toEqual([userName]);
    for (const wrong of [
      "2026-01-31",
      "12:00:00",
      "yesterday",
      "2026-02-30T12:00:00Z",
      "2026-01-31 12:00:00",
      1_700_000_000,
    ])
      expectError(await at.send("POST", "/Users", userBody(fresh(), badge({ issuedAt: wrong }))), 400, "invalidValue");
  });

  test("RFC 7643 §2.3.2 and §2.3.6: Booleans and binary values", async () => {
    const { userName } = await createUser(at, badge({ lost: true, picture: "TUlJ" }));
    expect(await found(`${BADGE}:lost eq true`)).toEqual([userName]);
    expect(await found(`${BADGE}:picture eq "TUlJ"`)).toEqual([userName]);
    for (const filter of [`${BADGE}:lost gt true`, `${BADGE}:picture gt "T"`])
      expectError(await at.send("GET", query("/Users", { filter })), 400, "invalidFilter");
  });

  test("RFC 7643 §2.1: a multi-valued attribute of plain texts", async () => {
    const { id, userName } = await createUser(at, badge({ colours: ["red", "Blue"] }));
    expect(await found(`${BADGE}:colours eq "BLUE"`)).toEqual([userName]);
    await patch(id, { op: "add", path: `${BADGE}:colours`, value: ["green"] });
    expect(await held(id)).toEqual({ colours: ["red", "Blue", "green"] });
    await patch(id, { op: "remove", path: `${BADGE}:colours` });
    expect(await held(id)).toBeUndefined();
  });

  test("RFC 7644 §3.4.2.2: a value path with a number inside", async () => {
    const { userName } = await createUser(
      at,
      badge({
        keys: [
          { value: "a", teeth: 5 },
          { value: "b", teeth: 7 },
        ],
      }),
    );
    expect(await found(`${BADGE}:keys[value eq "a" and teeth ge 5]`)).toEqual([userName]);
    expect(await found(`${BADGE}:keys[value eq "a" and teeth gt 5]`)).toEqual([]);
  });
});

describe("RFC 7643 §2.2 and §7: characteristics", () => {
  test("RFC 7643 §7: caseExact decides filters, and keeps the case of what was sent", async () => {
    const { id, userName } = await createUser(at, badge({ code: "aBc" }));
    expect(await held(id)).toEqual({ code: "aBc" });
    expect(await found(`${BADGE}:code eq "aBc"`)).toEqual([userName]);
    expect(await found(`${BADGE}:code eq "abc"`)).toEqual([]);
  });

  test("RFC 7643 §7: immutable is set once: at creation, or where there was nothing", async () => {
    const { id, userName } = await createUser(at, badge({ serial: "1" }));
    const path = `${BADGE}:serial`;
    expectError(await patch(id, { op: "replace", path, value: "2" }), 400, "mutability");
    expectError(await patch(id, { op: "remove", path }), 400, "mutability");
    expectError(
      await at.send("PUT", `/Users/${id}`, userBody(String(userName), badge({ serial: "2" }))),
      400,
      "mutability",
    );
    expect((await at.send("PUT", `/Users/${id}`, userBody(String(userName), badge({ serial: "1" })))).status).toBe(200);
    expect(await held(id)).toEqual({ serial: "1" });
    const later = await createUser(at);
    expect((await patch(later.id, { op: "add", path, value: "3" })).status).toBeLessThan(205);
    expect(await held(later.id)).toEqual({ serial: "3" });
    const put = await createUser(at);
    expect(
      (await at.send("PUT", `/Users/${put.id}`, userBody(String(put.userName), badge({ serial: "4" })))).status,
    ).toBe(200);
    expect(await held(put.id)).toEqual({ serial: "4" });
  });

  test("RFC 7643 §7: writeOnly and returned never are never shown, in no way of asking", async () => {
    const answer = await at.send(
      "POST",
      "/Users",
      userBody(fresh(), badge({ pin: "hidden-1", secret: "hidden-2", code: "shown" })),
    );
    expect(answer.status, answer.text).toBe(201);
    const texts = [answer.text];
    for (const attributes of [`${BADGE}:pin,${BADGE}:secret`, BADGE, `${BADGE}:code`])
      texts.push(
        (await list(at, "/Users", { attributes })).text,
        (await at.send("GET", query(`/Users/${answer.id}`, { attributes }))).text,
      );
    texts.push((await at.send("GET", `/Users/${answer.id}`)).text);
    texts.push(
      (
        await at.send(
          "PATCH",
          `/Users/${answer.id}?attributes=${BADGE}`,
          patchOf({ op: "replace", path: `${BADGE}:pin`, value: "hidden-3" }),
        )
      ).text,
    );
    for (const text of texts) expect(text).not.toContain("hidden");
    expectError(await at.send("GET", query("/Users", { sortBy: `${BADGE}:secret` })), 400, "invalidValue");
  });

  test("RFC 7643 §7: returned request is shown when it was sent or asked for", async () => {
    const sent = await at.send("POST", "/Users", userBody(fresh(), badge({ door: "7", code: "x" })));
    expect((sent.body as Resource)[BADGE]).toEqual({ door: "7", code: "x" });
    expect(await held(sent.id)).toEqual({ code: "x" });
    expect(await read(at, query(`/Users/${sent.id}`, { attributes: `${BADGE}:door` }))).toMatchObject({
      [BADGE]: { door: "7" },
    });
    const searched = await at.send("POST", "/Users/.search", {
      schemas: [SEARCH_REQUEST],
      filter: `${BADGE}:door eq "7"`,
      attributes: [`${BADGE}:door`],
    });
    expect(searched.resources).toMatchObject([{ [BADGE]: { door: "7" } }]);
  });

  test("RFC 7643 §7: returned always is shown whatever is asked for", async () => {
    const { id } = await createUser(at, badge({ stamp: "s", code: "x" }));
    expect((await read(at, query(`/Users/${id}`, { attributes: "userName" })))[BADGE]).toEqual({ stamp: "s" });
    expect(
      (await read(at, query(`/Users/${id}`, { excludedAttributes: `${BADGE}:stamp,${BADGE}:code` })))[BADGE],
    ).toEqual({ stamp: "s" });
    expect((await read(at, query(`/Users/${id}`, { excludedAttributes: BADGE })))[BADGE]).toEqual({ stamp: "s" });
  });
});

describe("RFC 7643 §3.2 and §3.3: an extension of one's own", () => {
  test("RFC 7643 §3.3: its URI is the container, and one of schemas while it is in use", async () => {
    const { id } = await createUser(at, badge({ code: "x" }));
    expect(await read(at, `/Users/${id}`)).toMatchObject({
      schemas: expect.arrayContaining([USER, BADGE]),
      [BADGE]: { code: "x" },
    });
    await patch(id, { op: "remove", path: BADGE });
    expect((await read(at, `/Users/${id}`)).schemas).toEqual([USER]);
    expect(await found(`schemas eq "${BADGE}" and id eq "${id}"`)).toEqual([]);
  });

  test("RFC 7643 §6 and §7: it is discoverable as it was declared, for this tenant alone", async () => {
    expect(await read(at, "/ResourceTypes/User")).toMatchObject({
      schemaExtensions: expect.arrayContaining([{ schema: BADGE, required: false }]),
    });
    const { attributes } = (await read(at, `/Schemas/${BADGE}`)) as unknown as {
      attributes: Record<string, unknown>[];
    };
    for (const declared of EXTENSION.attributes.filter(({ mutability }) => mutability !== "writeOnly"))
      expect(attributes.find(({ name }) => name === declared.name)).toMatchObject({
        type: declared.type,
        ...(declared.mutability && { mutability: declared.mutability }),
        ...(declared.returned && { returned: declared.returned }),
      });
    const other = await server.directory(await server.organization());
    expectError(await other.send("GET", `/Schemas/${BADGE}`), 404);
  });
});
