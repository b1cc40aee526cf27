import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type DirectoryId, type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, simulate } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { createOrganization, listOrganizations } from "../../src/identity/organizations.ts";
import { type SchemaExtension, schemaExtensionList } from "../../src/identity/schema-extensions/form.ts";
import { countRecordsWith, listSchemaExtensions } from "../../src/identity/schema-extensions/read.ts";
import { setSchemaExtensions } from "../../src/identity/schema-extensions/write.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";

const ctx = await testContext();
const URN = "urn:example:scim:1.0:Badge";

/** One extension of people with these attributes. */
function badge(attributes: unknown[], more: object = {}): object[] {
  return [{ urn: URN, resource: "User", name: "Badge", attributes, ...more }];
}

const plain = { name: "number", type: "string" };

async function organization(): Promise<{ actor: Actor; directory: DirectoryId; pulled: DirectoryId }> {
  const id = newId<OrganizationId>();
  const actor: Actor = { organization: id, kind: "system", id: null, requestId: null };
  const [directory, pulled] = await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await createOrganization(tx, { key: `o${id.slice(-12)}` });
      const scim = await addDirectory(tx, { name: "okta", kind: "scim" });
      const internal = await tx.query<{ id: DirectoryId }>({
        text: "select id from directories where organization = $1 and kind = 'internal'",
        values: [id],
      });
      return [scim.id, internal[0]!.id];
    },
    { lock: "exclusive" },
  );
  return { actor, directory, pulled };
}

let world: Awaited<ReturnType<typeof organization>>;
beforeAll(async () => {
  world = await organization();
});

async function set(declared: unknown, of = world, run: typeof inTransaction = inTransaction) {
  const wanted = schemaExtensionList.parse(declared);
  return run(ctx, of.actor, (tx) => setSchemaExtensions(tx, wanted), { lock: "exclusive" });
}

async function held(of = world): Promise<SchemaExtension[]> {
  return listSchemaExtensions(ctx.db.of(of.actor.organization));
}

async function version(of = world): Promise<number> {
  const [row] = await ctx.db
    .of(of.actor.organization)
    .query<{ version: number }>({ text: "select schema_version as version from organizations" });
  return row!.version;
}

async function person(resource: object, of = world, directory = of.directory): Promise<DirectoryUserId> {
  const id = newId<DirectoryUserId>();
  await inTransaction(ctx, of.actor, (tx) =>
    insertDirectoryUsers(tx, directory, [
      {
        id,
        immutableId: null,
        externalId: null,
        userName: id,
        active: true,
        email: null,
        displayName: null,
        resource: { ...resource },
        contentHash: null,
      },
    ]),
  );
  return id;
}

/** What is wrong with a declaration: each message behind the path to it. */
function problems(declared: unknown): string[] {
  const parsed = schemaExtensionList.safeParse(declared);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("what an organization declares", () => {
  test("says every characteristic, so that equal declarations are equal (RFC 7643 §2.2)", () => {
    const attributes = [
      { name: "number" },
      { name: "photo", type: "binary" },
      { name: "home", type: "reference" },
      { name: "secret", mutability: "writeOnly" },
      { name: "doors", type: "complex", multiValued: true, subAttributes: [{ name: "value", type: "integer" }] },
    ].map((each) => ({ type: "string", ...each }));
    const rest = { required: false, mutability: "readWrite", uniqueness: "none", returned: "default" };
    expect(schemaExtensionList.parse(badge(attributes))).toEqual([
      {
        urn: URN,
        resource: "User",
        name: "Badge",
        required: false,
        attributes: [
          { ...rest, name: "number", type: "string", multiValued: false, caseExact: false },
          { ...rest, name: "photo", type: "binary", multiValued: false, caseExact: true },
          {
            ...rest,
            name: "home",
            type: "reference",
            multiValued: false,
            caseExact: true,
            referenceTypes: ["external"],
          },
          {
            ...rest,
            name: "secret",
            type: "string",
            multiValued: false,
            caseExact: false,
            mutability: "writeOnly",
            returned: "never",
          },
          {
            ...rest,
            name: "doors",
            type: "complex",
            multiValued: true,
            subAttributes: [{ ...rest, name: "value", type: "integer", multiValued: false }],
          },
        ],
      },
    ]);
  });

  const parts = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `p${index}`, type: "string" }));
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...badge([plain])[0], urn: `${URN}${index}` }));

  test.each([
    [
      "a URN of SCIM's own",
      [{ ...badge([plain])[0], urn: "urn:ietf:params:scim:schemas:core:2.0:User" }],
      /0\.urn: .*SCIM itself/,
    ],
    [
      "the enterprise extension in other letters",
      [{ ...badge([plain])[0], urn: "urn:ietf:params:scim:schemas:Extension:ENTERPRISE:2.0:User" }],
      /0\.urn: .*SCIM itself/,
    ],
    ["no URN", [{ ...badge([plain])[0], urn: "badge" }], /0\.urn: a URN is/],
    ["a quote in a URN", [{ ...badge([plain])[0], urn: "urn:example:a'b" }], /0\.urn: a URN is/],
    [
      "a URN twice",
      [...badge([plain]), { ...badge([plain])[0], urn: URN.toUpperCase().replace("URN", "urn") }],
      /1\.urn: .* twice/,
    ],
    [
      "a URN that reads as another's attribute",
      [...badge([plain]), { ...badge([plain])[0], urn: `${URN}:Number` }],
      /1\.urn: .* attribute of/,
    ],
    ["a name twice", badge([plain, { ...plain, name: "NUMBER" }]), /attributes\.1\.name: .* twice/],
    ["a name of every resource", badge([{ ...plain, name: "externalID" }]), /attributes\.0\.name: every resource/],
    ["a name of every object", badge([{ ...plain, name: "constructor" }]), /attributes\.0\.name: .* cannot be used/],
    ["a word of filters", badge([{ ...plain, name: "not" }]), /attributes\.0\.name: .* cannot be used/],
    ["a digit first", badge([{ ...plain, name: "1st" }]), /attributes\.0\.name: a name is/],
    ["an unknown type", badge([{ ...plain, type: "text" }]), /attributes\.0\.type: it must be/],
    ["nothing inside", badge([{ name: "doors", type: "complex" }]), /attributes\.0\.type: .* needs subAttributes/],
    ["parts of what has none", badge([{ ...plain, subAttributes: [plain] }]), /subAttributes: only what is complex/],
    [
      "parts of parts",
      badge([{ name: "doors", type: "complex", subAttributes: [{ name: "lock", type: "complex" }] }]),
      /subAttributes\.0\.type: it must be/,
    ],
    ["what nobody can set", badge([{ ...plain, mutability: "readOnly" }]), /mutability: .* nobody/],
    [
      "what is written only and returned",
      badge([{ ...plain, mutability: "writeOnly", returned: "always" }]),
      /returned: .* never/,
    ],
    ["a promise of uniqueness", badge([{ ...plain, uniqueness: "server" }]), /uniqueness: .* cannot promise/],
    ["the case of a number", badge([{ name: "floor", type: "integer", caseExact: true }]), /caseExact: only texts/],
    [
      "a picture that is not case exact",
      badge([{ name: "photo", type: "binary", caseExact: false }]),
      /caseExact: .* always/,
    ],
    ["an unknown characteristic", badge([{ ...plain, unique: true }]), /attributes\.0: .*unique/],
    ["too many attributes", badge(parts(101)), /attributes: Too big/],
    ["too many parts", badge([{ name: "a", type: "complex", subAttributes: parts(21) }]), /subAttributes: Too big/],
    ["too many extensions", many(21), /: Too big/],
    ["too many in all", many(11).map((each) => ({ ...each, attributes: parts(100) })), /at most 1000 attributes/],
  ])("is refused for %s", (_what, declared, message) => {
    expect(problems(declared).join("\n")).toMatch(message);
  });

  test("a name that is let through is only ever of safe characters", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(..."aZ9$-_.:'\"\\\0\n*[]()@?\u212a\u0130\ud800"), maxLength: 12 }),
    );
    let refused = 0;
    fc.assert(
      fc.property(hostile, hostile, (name, urn) => {
        const named = problems(badge([{ ...plain, name }]));
        if (named.length === 0) expect(name).toMatch(/^[a-zA-Z$][a-zA-Z0-9$_-]{0,63}$/);
        const parted = problems(badge([{ name: "x", type: "complex", subAttributes: [{ ...plain, name }] }]));
        if (parted.length === 0) expect(name).toMatch(/^[a-zA-Z$][a-zA-Z0-9$_-]{0,63}$/);
        const declared = [{ ...badge([plain])[0], urn: `urn:x:${urn}` }];
        if (problems(declared).length === 0) expect(urn).toMatch(/^[a-zA-Z0-9_.:-]{1,194}$/);
        else refused++;
      }),
      { numRuns: scaled(20_000), seed },
    );
    expect(refused).toBeGreaterThan(scaled(1_000));
  });

  test("the table takes no other names either, whoever writes them", async () => {
    const insert = (urn: string, attributes: unknown) =>
      inTransaction(ctx, world.actor, (tx) =>
        tx.query({
          text: `insert into schema_extensions (organization, urn, urn_key, resource_type, name, attributes)
            values ($1, $2, lower($2 collate "C"), 'User', 'x', $3)`,
          values: [tx.organization, urn, JSON.stringify(attributes)],
        }),
      );
    const refused = { code: "unavailable", cause: { code: "23514" } };
    for (const name of [
      "a'b",
      'a"b',
      "a b",
      "a\\",
      "1a",
      "",
      "é",
      "a.b",
      "a:b",
      "a]",
      7,
      null,
      ["a"],
      `a${"b".repeat(64)}`,
    ]) {
      await expect(insert("urn:x:a", [{ name, type: "string" }]), String(name)).rejects.toMatchObject(refused);
      await expect(
        insert("urn:x:a", [{ name: "ok", type: "complex", subAttributes: [{ name, type: "string" }] }]),
        `part ${name}`,
      ).rejects.toMatchObject(refused);
    }
    for (const urn of ["urn:x:a'", "urn:x:a b", "x", "urn:x", `urn:x:${"a".repeat(200)}`, "urn:x:é"])
      await expect(insert(urn, [plain]), urn).rejects.toMatchObject(refused);
    await expect(insert("urn:x:a", plain)).rejects.toMatchObject(refused);
    // A name of the right form that no release would store is found when it is read.
    const other = await organization();
    await inTransaction(ctx, other.actor, (tx) =>
      tx.query({
        text: `insert into schema_extensions (organization, urn, urn_key, resource_type, name, attributes)
          values ($1, 'urn:x:a', 'urn:x:a', 'User', 'x', $2)`,
        values: [tx.organization, JSON.stringify([{ name: "constructor", type: "string" }])],
      }),
    );
    await expect(held(other)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("setSchemaExtensions", () => {
  test("makes the list the whole list, raises the version once a change and writes nothing when nothing changes", async () => {
    const of = await organization();
    expect(await version(of)).toBe(0);
    expect(
      await set([...badge([plain]), { urn: "urn:x:Team", resource: "Group", name: "Team", attributes: [plain] }], of),
    ).toEqual([
      { urn: URN, outcome: "created" },
      { urn: "urn:x:Team", outcome: "created" },
    ]);
    expect(await version(of)).toBe(1);
    expect(
      await set([{ urn: "urn:x:Team", resource: "Group", name: "Team", attributes: [plain] }, ...badge([plain])], of),
    ).toMatchObject([{ outcome: "unchanged" }, { outcome: "unchanged" }]);
    expect(await version(of)).toBe(1);
    expect(await set(badge([plain], { description: "What opens doors" }), of)).toEqual([
      { urn: URN, outcome: "updated" },
      { urn: "urn:x:Team", outcome: "removed" },
    ]);
    expect(await version(of)).toBe(2);
    expect(await held(of)).toEqual(schemaExtensionList.parse(badge([plain], { description: "What opens doors" })));
    const audited = await ctx.db.of(of.actor.organization).query<{ action: string; urn: string }>({
      text: "select action, detail->>'urn' as urn from audit where action like 'schema-extension.%' order by id",
    });
    expect(audited).toEqual([
      { action: "schema-extension.created", urn: URN },
      { action: "schema-extension.created", urn: "urn:x:Team" },
      { action: "schema-extension.updated", urn: URN },
      { action: "schema-extension.removed", urn: "urn:x:Team" },
    ]);
  });

  test("a simulation says the same and changes nothing; without the exclusive lock nothing is done", async () => {
    const of = await organization();
    expect(await set(badge([plain]), of, simulate)).toEqual([{ urn: URN, outcome: "created" }]);
    expect([await held(of), await version(of)]).toEqual([[], 0]);
    await expect(
      inTransaction(ctx, of.actor, (tx) => setSchemaExtensions(tx, schemaExtensionList.parse(badge([plain])))),
    ).rejects.toMatchObject({ code: "internal" });
  });

  test("one organization's are nothing to another", async () => {
    const [one, other] = [await organization(), await organization()];
    await set(badge([plain]), one);
    expect([await held(other), await version(other)]).toEqual([[], 0]);
    expect((await listOrganizations(ctx.db)).length).toBeGreaterThan(1);
    await set(badge([{ ...plain, name: "other" }]), other);
    expect((await held(one))[0]?.attributes[0]?.name).toBe("number");
  });
});

describe("what records hold is never orphaned or misread", () => {
  const floor = { name: "floor", type: "integer" };
  const value = { name: "value", type: "string" };
  const until = { name: "until", type: "dateTime" };
  const doors = { name: "doors", type: "complex", multiValued: true, subAttributes: [value, until] };
  const full = badge([plain, floor, doors]);
  const holding = { [URN]: { number: "7", floor: 1, doors: [{ value: "a", until: "2026-01-01T00:00:00Z" }] } };

  test.each([
    ["the extension goes", [], /^1 user has a value of .*Badge:number;/],
    ["the extension is for groups now", badge([plain, floor, doors], { resource: "Group" }), /Badge:number;/],
    ["the URN is spelled otherwise", badge([plain, floor, doors], { urn: URN.toLowerCase() }), /Badge:number;/],
    ["an attribute goes", badge([plain, floor]), /Badge:doors;/],
    ["an attribute is spelled otherwise", badge([{ ...plain, name: "Number" }, floor, doors]), /Badge:number;/],
    ["an attribute becomes another kind", badge([{ ...plain, type: "boolean" }, floor, doors]), /Badge:number;/],
    ["one value becomes several", badge([plain, { ...floor, multiValued: true }, doors]), /Badge:floor;/],
    ["several values become one", badge([plain, floor, { ...doors, multiValued: false }]), /Badge:doors;/],
    ["a part goes", badge([plain, floor, { ...doors, subAttributes: [value] }]), /Badge:doors\.until;/],
    [
      "a part becomes another kind",
      badge([plain, floor, { ...doors, subAttributes: [value, { ...until, type: "string" }] }]),
      /Badge:doors\.until;/,
    ],
  ])("when %s it is refused until nobody has a value", async (_what, after, message) => {
    const of = await organization();
    await set(full, of);
    const id = await person(holding, of);
    await person({}, of);
    const refused = { code: "conflict", message: expect.stringMatching(message) };
    await expect(set(after, of)).rejects.toMatchObject(refused);
    await expect(set(after, of, simulate)).rejects.toMatchObject(refused);
    expect([await held(of), await version(of)]).toEqual([schemaExtensionList.parse(full), 1]);
    await inTransaction(ctx, of.actor, (tx) => removeDirectoryUsers(tx, of.directory, [id]));
    await set(after, of);
    expect([await held(of), await version(of)]).toEqual([schemaExtensionList.parse(after), 2]);
  });

  test("what changes no value is let through: whole numbers become decimals, more attributes, other characteristics", async () => {
    const of = await organization();
    await set(full, of);
    await person(holding, of);
    const more = { name: "color", type: "string" };
    await set(
      badge([
        { ...plain, caseExact: true, mutability: "immutable", returned: "request", canonicalValues: ["1", "2"] },
        { ...floor, type: "decimal" },
        { ...doors, subAttributes: [value, until, more] },
        more,
      ]),
      of,
    );
    expect(await version(of)).toBe(2);
  });

  const must = { required: true };
  test.each([
    ["the extension", badge([plain], must), {}, { [URN]: { number: "7" } }, /^1 user has no value of .*Badge;/],
    ["an attribute of it", badge([{ ...plain, ...must }], must), {}, { [URN]: { number: "7" } }, /Badge:number;/],
    [
      "an attribute where the extension is",
      badge([plain, { ...floor, ...must }]),
      { [URN]: { number: "7" } },
      { [URN]: { floor: 1 } },
      /Badge:floor;/,
    ],
    [
      "a part where the value is",
      badge([{ ...doors, subAttributes: [value, { ...until, ...must }] }]),
      { [URN]: { doors: [{ until: "2026-01-01T00:00:00Z" }, { value: "a" }] } },
      { [URN]: { doors: [{ until: "2026-01-01T00:00:00Z" }] } },
      /Badge:doors\.until;/,
    ],
  ])(
    "%s can be required only when no record of a SCIM directory lacks it",
    async (_what, after, lacking, having, message) => {
      const of = await organization();
      await set(badge([plain, floor, doors]), of);
      const id = await person(lacking, of);
      await person({}, of, of.pulled);
      const whole = [plain, floor, doors].filter(({ name }) => !JSON.stringify(after).includes(`"${name}"`));
      const wanted = structuredClone(after) as { attributes: unknown[] }[];
      wanted[0]?.attributes.push(...whole);
      await expect(set(wanted, of)).rejects.toMatchObject({
        code: "conflict",
        message: expect.stringMatching(message),
      });
      await inTransaction(ctx, of.actor, (tx) => removeDirectoryUsers(tx, of.directory, [id]));
      await person(having, of);
      await set(wanted, of);
      // It is required already: nobody is asked again.
      await person(lacking, of);
      (wanted[0] as unknown as { name: string }).name = "Other";
      await set(wanted, of);
    },
  );

  test("how many have a value is counted by extension", async () => {
    const of = await organization();
    await set([...full, ...badge([plain], { urn: "urn:x:none" })], of);
    await person(holding, of);
    await person(holding, of);
    await person({}, of);
    expect(await countRecordsWith(ctx.db.of(of.actor.organization), await held(of))).toEqual(
      new Map([
        [URN, 2],
        ["urn:x:none", 0],
      ]),
    );
  });
});
