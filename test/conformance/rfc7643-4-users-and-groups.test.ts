import { describe, expect, test } from "vitest";
import { ENTERPRISE, patchOf, scimServer } from "../scim/endpoint.ts";
import {
  create,
  createGroup,
  createUser,
  expectError,
  fresh,
  GROUP,
  groupBody,
  inProfiles,
  list,
  NOBODY,
  type Resource,
  read,
  USER,
  userBody,
} from "./client.ts";

const server = await scimServer();

/** Section 8.2, figure 4, as a client would send it. */
const FIGURE_4 = {
  externalId: "701984",
  name: {
    formatted: "Ms. Barbara J Jensen, III",
    familyName: "Jensen",
    givenName: "Barbara",
    middleName: "Jane",
    honorificPrefix: "Ms.",
    honorificSuffix: "III",
  },
  displayName: "Babs Jensen",
  nickName: "Babs",
  profileUrl: "https://login.example.com/bjensen",
  emails: [
    { value: "bjensen@example.com", type: "work", primary: true },
    { value: "babs@jensen.org", type: "home" },
  ],
  addresses: [
    {
      type: "work",
      streetAddress: "100 Universal City Plaza",
      locality: "Hollywood",
      region: "CA",
      postalCode: "91608",
      country: "USA",
      formatted: "100 Universal City Plaza\nHollywood, CA 91608 USA",
      primary: true,
    },
    {
      type: "home",
      streetAddress: "456 Hollywood Blvd",
      locality: "Hollywood",
      region: "CA",
      postalCode: "91608",
      country: "USA",
      formatted: "456 Hollywood Blvd\nHollywood, CA 91608 USA",
    },
  ],
  phoneNumbers: [
    { value: "555-555-5555", type: "work" },
    { value: "555-555-4444", type: "mobile" },
  ],
  ims: [{ value: "someaimhandle", type: "aim" }],
  photos: [
    { value: "https://photos.example.com/profilephoto/72930000000Ccne/F", type: "photo" },
    { value: "https://photos.example.com/profilephoto/72930000000Ccne/T", type: "thumbnail" },
  ],
  userType: "Employee",
  title: "Tour Guide",
  preferredLanguage: "en-US",
  locale: "en-US",
  timezone: "America/Los_Angeles",
  active: true,
  x509Certificates: [{ value: "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx" }],
};

inProfiles(server, (directory, profile) => {
  describe("RFC 7643 §4.1: User", () => {
    test("RFC 7643 §4.1: a user is of the schema core:2.0:User", async () => {
      expect((await createUser(directory.at)).schemas).toEqual([USER]);
    });

    test("RFC 7643 §4.1.1: userName is required, not empty, unique, and has no case", async () => {
      for (const body of [{ schemas: [USER] }, userBody(""), userBody("   ")])
        expectError(await directory.at.send("POST", "/Users", body), 400, "invalidValue");
      const { userName } = await createUser(directory.at);
      expectError(
        await directory.at.send("POST", "/Users", userBody(String(userName).toUpperCase())),
        409,
        "uniqueness",
      );
    });

    test.each([
      "displayName",
      "nickName",
      "profileUrl",
      "title",
      "userType",
      "preferredLanguage",
      "locale",
      "timezone",
    ])("RFC 7643 §4.1.1: %s is kept, changed and removed", async (name) => {
      const value =
        {
          profileUrl: "https://example.com/x",
          locale: "de-CH",
          preferredLanguage: "fr-CH, fr;q=0.9",
          timezone: "Europe/Zurich",
        }[name] ?? "Some Text";
      const { id } = await createUser(directory.at, { [name]: value });
      const path = `/Users/${id}`;
      expect(await read(directory.at, path)).toMatchObject({ [name]: value });
      const other = name === "profileUrl" ? "https://example.com/y" : "en";
      await directory.at.send("PATCH", path, patchOf({ op: "replace", path: name, value: other }));
      expect(await read(directory.at, path)).toMatchObject({ [name]: other });
      expect(
        (await list(directory.at, "/Users", { filter: `id eq "${id}" and ${name} eq "${other}"` })).resources,
      ).toHaveLength(1);
      await directory.at.send("PATCH", path, patchOf({ op: "remove", path: name }));
      expect(await read(directory.at, path)).not.toHaveProperty(name);
    });

    test.each(["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"])(
      "RFC 7643 §4.1.1: name.%s is kept, changed and found",
      async (part) => {
        const value = fresh("part");
        const { id } = await createUser(directory.at, { name: { [part]: value } });
        expect(await read(directory.at, `/Users/${id}`)).toMatchObject({ name: { [part]: value } });
        expect(
          (await list(directory.at, "/Users", { filter: `name.${part} eq "${value}"` })).resources.map(
            (user) => user.id,
          ),
        ).toEqual([id]);
      },
    );

    test("RFC 7643 §4.1.1: active is the person's status; who is not active is still there", async () => {
      const { id } = await createUser(directory.at, { active: true });
      await directory.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "active", value: false }));
      expect(await read(directory.at, `/Users/${id}`)).toMatchObject({ active: false });
      expect(
        (await list(directory.at, "/Users", { filter: `id eq "${id}" and active eq false` })).resources,
      ).toHaveLength(1);
      await directory.at.send("PATCH", `/Users/${id}`, patchOf({ op: "replace", value: { active: true } }));
      expect(await read(directory.at, `/Users/${id}`)).toMatchObject({ active: true });
    });

    test("RFC 7643 §4.1.1: password is never returned", async () => {
      const answer = await directory.at.send("POST", "/Users", userBody(fresh(), { password: "t1meMa$heen" }));
      expect(answer.status).toBe(201);
      expect(answer.text).not.toMatch(/password|t1meMa/);
    });

    test("RFC 7643 §4.1.2: every multi-valued attribute is kept with its parts, and found by them", async () => {
      const made = await createUser(directory.at, {
        ...FIGURE_4,
        entitlements: [{ value: "door-7", display: "Door", type: "building", primary: true }],
        roles: [{ value: "Student", type: "main" }],
      });
      for (const [name, value] of [
        ["emails", "babs@jensen.org"],
        ["phoneNumbers", "555-555-4444"],
        ["ims", "someaimhandle"],
        ["photos", "https://photos.example.com/profilephoto/72930000000Ccne/T"],
        ["entitlements", "door-7"],
        ["roles", "student"],
      ])
        for (const filter of [`${name}.value eq "${value}"`, `${name}[value eq "${value}"]`])
          expect(
            (await list(directory.at, "/Users", { filter: `id eq "${made.id}" and ${filter}` })).resources,
            filter,
          ).toHaveLength(1);
      expect(
        (
          await list(directory.at, "/Users", {
            filter: `id eq "${made.id}" and addresses[type eq "home" and streetAddress sw "456"]`,
          })
        ).resources,
      ).toHaveLength(1);
    });

    test("RFC 7643 §4.1.2: groups is readOnly, with id, URI, name and how it came about", async () => {
      const user = await createUser(directory.at);
      const inner = await createGroup(directory.at, [user.id]);
      const outer = await createGroup(directory.at, [inner.id]);
      const shown = await read(directory.at, `/Users/${user.id}`);
      const expected = [
        { value: inner.id, $ref: inner.meta.location, display: inner.displayName, type: "direct" },
        { value: outer.id, $ref: outer.meta.location, display: outer.displayName, type: "indirect" },
      ];
      expect(shown.groups).toHaveLength(2);
      expect(shown.groups).toEqual(expect.arrayContaining(expected));
      expectError(
        await directory.at.send(
          "PATCH",
          `/Users/${user.id}`,
          patchOf({ op: "add", path: "groups", value: [{ value: outer.id }] }),
        ),
        400,
        "mutability",
      );
    });

    test("RFC 7643 §4.1.2: a certificate is base64", async () => {
      const wrong = userBody(fresh(), { x509Certificates: [{ value: "-----BEGIN CERTIFICATE-----" }] });
      expectError(await directory.at.send("POST", "/Users", wrong), 400, "invalidValue");
    });
  });

  describe("RFC 7643 §4.2: Group", () => {
    test("RFC 7643 §4.2: displayName is required", async () => {
      for (const body of [{ schemas: [GROUP] }, groupBody(""), { schemas: [GROUP], displayName: null }])
        expectError(await directory.at.send("POST", "/Groups", body), 400, "invalidValue");
    });

    test("RFC 7643 §4.2: members are ids of users and of groups, with their URIs and types", async () => {
      const user = await createUser(directory.at, { displayName: "Babs Jensen" });
      const inner = await createGroup(directory.at);
      const { id } = await createGroup(directory.at, [user.id, inner.id]);
      const { members } = (await read(directory.at, `/Groups/${id}`)) as Resource & {
        members: Record<string, unknown>[];
      };
      expect(members).toHaveLength(2);
      expect(members.find((each) => each.value === user.id)).toMatchObject({
        $ref: user.meta.location,
        type: "User",
        display: "Babs Jensen",
      });
      expect(members.find((each) => each.value === inner.id)).toMatchObject({
        $ref: inner.meta.location,
        type: "Group",
      });
    });

    test("RFC 7643 §4.2: a member is there once, however often it is given", async () => {
      const user = await createUser(directory.at);
      const { id } = await createGroup(directory.at, [user.id, user.id]);
      expect(((await read(directory.at, `/Groups/${id}`)) as Resource & { members: unknown[] }).members).toHaveLength(
        1,
      );
    });

    test("RFC 7643 §4.2: who does not exist cannot be a member", async () => {
      // An empty text is no value where it is tolerated, and then this is no member.
      for (const value of [NOBODY, "nobody", ...(profile === "strict" ? [""] : [])])
        expectError(
          await directory.at.send("POST", "/Groups", groupBody(fresh("group"), { members: [{ value }] })),
          400,
          "invalidValue",
        );
    });

    test("RFC 7643 §4.2: a group may be without members", async () => {
      for (const members of [undefined, [], null])
        expect(
          ((await create(directory.at, "/Groups", groupBody(fresh("group"), { members }))) as { members?: unknown[] })
            .members ?? [],
        ).toEqual([]);
    });
  });

  describe("RFC 7643 §4.3: enterprise user", () => {
    test.each(["employeeNumber", "costCenter", "organization", "division", "department"])(
      "RFC 7643 §4.3: %s is kept, found and removed",
      async (name) => {
        const value = fresh("Value");
        const made = await createUser(directory.at, { [ENTERPRISE]: { [name]: value } });
        expect(made[ENTERPRISE]).toEqual({ [name]: value });
        const filter = `${ENTERPRISE}:${name} eq "${value.toUpperCase()}"`;
        expect((await list(directory.at, "/Users", { filter })).resources.map((user) => user.id)).toEqual([made.id]);
        await directory.at.send("PATCH", `/Users/${made.id}`, patchOf({ op: "remove", path: `${ENTERPRISE}:${name}` }));
        expect(await read(directory.at, `/Users/${made.id}`)).not.toHaveProperty([ENTERPRISE]);
      },
    );

    test("RFC 7643 §4.3: manager is the id of another user, its displayName readOnly", async () => {
      const boss = await createUser(directory.at, { displayName: "John Smith" });
      const made = await createUser(directory.at, {
        [ENTERPRISE]: { manager: { value: boss.id, $ref: `../Users/${boss.id}`, displayName: "Made Up" } },
      });
      expect(made[ENTERPRISE]).toMatchObject({ manager: { value: boss.id } });
      expect(JSON.stringify(made)).not.toContain("Made Up");
      const answer = await directory.at.send(
        "PATCH",
        `/Users/${made.id}`,
        patchOf({ op: "replace", path: `${ENTERPRISE}:manager.displayName`, value: "Made Up" }),
      );
      expectError(answer, 400, "mutability");
      await directory.at.send("PATCH", `/Users/${made.id}`, patchOf({ op: "remove", path: `${ENTERPRISE}:manager` }));
      expect(await read(directory.at, `/Users/${made.id}`)).not.toHaveProperty([ENTERPRISE]);
    });
  });

  describe("RFC 7643 §8: JSON representation", () => {
    test("RFC 7643 §8.1: the minimal user", async () => {
      const made = await createUser(directory.at);
      for (const name of ["schemas", "id", "userName", "meta"]) expect(made).toHaveProperty(name);
    });

    test("RFC 7643 §8.2: the full user (figure 4) comes back as it was sent, without its password", async () => {
      const userName = fresh("bjensen@example.com");
      const sent = userBody(userName, {
        ...FIGURE_4,
        password: "t1meMa$heen",
        groups: [{ value: NOBODY, display: "Tour Guides" }],
      });
      const { id } = await create(directory.at, "/Users", sent);
      const { meta, schemas, id: _, ...rest } = await read(directory.at, `/Users/${id}`);
      expect(rest).toEqual({
        userName,
        ...FIGURE_4,
        addresses: FIGURE_4.addresses.map((address) => expect.objectContaining(withoutPrimary(address))),
      });
      expect([schemas, meta.resourceType]).toEqual([[USER], "User"]);
    });

    test("RFC 7643 §8.3: the enterprise user (figure 5)", async () => {
      const manager = await createUser(directory.at, { displayName: "John Smith" });
      const extension = {
        employeeNumber: "701984",
        costCenter: "4130",
        organization: "Universal Studios",
        division: "Theme Park",
        department: "Tour Operations",
      };
      const sent = userBody(fresh(), {
        ...FIGURE_4,
        [ENTERPRISE]: { ...extension, manager: { value: manager.id, $ref: `../Users/${manager.id}` } },
      });
      const made = await create(directory.at, "/Users", sent);
      expect(made[ENTERPRISE]).toMatchObject({ ...extension, manager: { value: manager.id } });
      expect([...(made.schemas as string[])].sort()).toEqual([USER, ENTERPRISE].sort());
    });

    test("RFC 7643 §8.4: the group (figure 6)", async () => {
      const [babs, mandy] = [
        await createUser(directory.at, { displayName: "Babs Jensen" }),
        await createUser(directory.at, { displayName: "Mandy Pepperidge" }),
      ];
      const members = [babs, mandy].map((user) => ({
        value: user.id,
        $ref: user.meta.location,
        display: user.displayName,
      }));
      const made = await create(directory.at, "/Groups", groupBody(fresh("Tour Guides"), { members }));
      expect((made as Resource & { members: unknown[] }).members).toHaveLength(2);
      expect(made.members).toEqual(expect.arrayContaining(members.map((member) => expect.objectContaining(member))));
    });
  });
});

/** The core schema of §8.7.1 gives addresses no `primary`, though the figure shows one: it may be kept or not. */
function withoutPrimary<T extends { primary?: boolean }>(address: T): Omit<T, "primary"> {
  const { primary: _, ...rest } = address;
  return rest;
}
