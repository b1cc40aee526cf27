import { beforeAll, describe, expect, test } from "vitest";
import { ENTERPRISE, type Endpoint, oneDirectory, scimServer } from "../scim/endpoint.ts";
import { create, expectError, GROUP, groupBody, list, type Resource, USER, userBody } from "./client.ts";

const server = await scimServer();
const directory = oneDirectory(server);

/** Everybody in the directory, by the name that the expected lists below use. */
const people = new Map<string, Resource>();
const groups = new Map<string, Resource>();

const CERTIFICATE = "TUlJRFF6Q0NBcXlnQXdJQkFn";

async function populate(at: Endpoint): Promise<void> {
  const add = async (userName: string, more: Record<string, unknown>) =>
    people.set(userName, await create(at, "/Users", userBody(userName, more)));
  await add("mandy", {
    title: "chief",
    userType: "Employee",
    active: true,
    externalId: "mANDY",
    emails: [{ value: "mandy@home.example", type: "home" }],
    displayName: "Mandy 100%_sure",
  });
  await add("bjensen", {
    externalId: "701984A",
    name: { formatted: "Ms. Barbara J Jensen, III", familyName: "O'Malley", givenName: "Barbara" },
    displayName: "Babs Jensen",
    nickName: "Babs",
    title: "Tour Guide",
    userType: "Employee",
    active: true,
    preferredLanguage: "en-US",
    profileUrl: "https://login.example.com/bjensen",
    emails: [
      { value: "bjensen@example.com", type: "work", primary: true },
      { value: "babs@jensen.org", type: "home", display: "Babs at home" },
    ],
    ims: [{ value: "bj@foo.com", type: "xmpp" }],
    x509Certificates: [{ value: CERTIFICATE }],
    [ENTERPRISE]: {
      employeeNumber: "701984",
      department: "Tour Operations",
      manager: { value: people.get("mandy")?.id },
    },
  });
  await add("jsmith", {
    userType: "Intern",
    active: false,
    displayName: "Smith, James",
    emails: [{ value: "jsmith@example.org", type: "work" }],
    [ENTERPRISE]: { department: "theme park" },
  });
  await add("ólafur", { title: 'Say "hi" \\ now', nickName: "(Óli) [x]", active: true });
  await add("zed", { active: true });
  const addGroup = async (name: string, members: (string | undefined)[]) =>
    groups.set(
      name,
      await create(at, "/Groups", groupBody(name, { members: members.map((value) => ({ value })), externalId: name })),
    );
  await addGroup("Guides", [people.get("bjensen")?.id, people.get("zed")?.id]);
  await addGroup("Everybody", [groups.get("Guides")?.id, people.get("jsmith")?.id]);
  await addGroup("Empty", []);
}

beforeAll(() => populate(directory.at));

async function found(filter: string): Promise<unknown[]> {
  const answer = await list(directory.at, "/Users", { filter });
  expect(answer.body).toMatchObject({ totalResults: answer.resources.length });
  return answer.resources.map((user) => user.userName).sort();
}

async function foundGroups(filter: string): Promise<unknown[]> {
  return (await list(directory.at, "/Groups", { filter })).resources.map((group) => group.displayName).sort();
}

const ALL = ["bjensen", "jsmith", "mandy", "zed", "ólafur"];
const but = (...names: string[]) => ALL.filter((name) => !names.includes(name));

/** Clause → filter → who matches. */
const USERS: [clause: string, filter: string, expected: string[]][] = [
  // Table 3, on strings.
  ["`eq` wants identity", 'userName eq "bjensen"', ["bjensen"]],
  ["`eq` does not match a part", 'userName eq "bjense"', []],
  ["`ne` matches what differs", 'userType ne "Employee"', ["jsmith", "zed", "ólafur"]],
  ["`ne` matches a resource without the attribute", 'title ne "chief"', but("mandy")],
  ["`co` matches a part", 'name.familyName co "O\'Malley"', ["bjensen"]],
  ["`co` in the middle", 'displayName co "s J"', ["bjensen"]],
  ["`co` takes % and _ as they are", 'displayName co "0%_s"', ["mandy"]],
  ["`co` takes % for no wildcard", 'displayName co "M%y"', []],
  ["`sw` matches the beginning", 'userName sw "J"', ["jsmith"]],
  ["`sw` matches the whole", 'userName sw "zed"', ["zed"]],
  ["`sw` does not match the middle", 'userName sw "smith"', []],
  ["`ew` matches the end", 'userName ew "smith"', ["jsmith"]],
  ["`ew` matches the whole", 'userName ew "jsmith"', ["jsmith"]],
  ["`ew` does not match the beginning", 'userName ew "jsmit"', []],
  ["`pr` matches what has a value", "title pr", ["bjensen", "mandy", "ólafur"]],
  ["`pr` on a complex attribute wants one non-empty node", "name pr", ["bjensen"]],
  ["`pr` on a multi-valued attribute", "emails pr", ["bjensen", "jsmith", "mandy"]],
  ["`pr` on a sub-attribute of a multi-valued attribute", "emails.display pr", ["bjensen"]],
  ["`gt` is lexicographical on strings", 'userName gt "mandy"', ["zed", "ólafur"]],
  ["`ge` includes the equal one", 'userName ge "mandy"', ["mandy", "zed", "ólafur"]],
  ["`lt` is lexicographical on strings", 'userName lt "mandy"', ["bjensen", "jsmith"]],
  ["`le` includes the equal one", 'userName le "mandy"', ["bjensen", "jsmith", "mandy"]],
  ["`gt` matches nobody without the attribute", 'title gt "a"', ["bjensen", "mandy", "ólafur"]],
  ["`lt` matches nobody without the attribute", 'title lt "z"', ["bjensen", "mandy", "ólafur"]],
  // Booleans and null.
  ["`eq` on a Boolean", "active eq false", ["jsmith"]],
  ["`ne` on a Boolean", "active ne false", but("jsmith")],
  ["a comparison with null is one with no value (RFC 7643 §2.5)", "title eq null", ["jsmith", "zed"]],
  ["`ne` null is `pr`", "title ne null", ["bjensen", "mandy", "ólafur"]],
  ["primary that was not given is false (RFC 7643 §2.4)", "emails[primary eq false]", ["bjensen", "jsmith", "mandy"]],
  // DateTime.
  ["DateTime is compared chronologically, `gt`", 'meta.lastModified gt "2011-05-13T04:42:34Z"', ALL],
  ["DateTime is compared chronologically, `ge`", 'meta.lastModified ge "2011-05-13T04:42:34Z"', ALL],
  ["DateTime is compared chronologically, `lt`", 'meta.lastModified lt "2011-05-13T04:42:34Z"', []],
  ["DateTime is compared chronologically, `le`", 'meta.created le "2011-05-13T04:42:34Z"', []],
  ["DateTime takes an offset and fractions", 'meta.created gt "2011-05-13T04:42:34.123+02:00"', ALL],
  // Names and operators whatever their case.
  ["operators are case insensitive", 'userName Eq "bjensen"', ["bjensen"]],
  ["attribute names are case insensitive", 'Username eq "bjensen"', ["bjensen"]],
  ["sub-attribute names are case insensitive", 'NAME.FAMILYNAME eq "o\'malley"', ["bjensen"]],
  ["logical operators are case insensitive", 'userName eq "zed" OR userName EQ "mandy"', ["mandy", "zed"]],
  ["`NOT` is case insensitive", "NOT (active eq true)", ["jsmith"]],
  // caseExact.
  ["a string that is not case exact is compared without case", 'userName eq "BJENSEN"', ["bjensen"]],
  [
    "`co`, `sw` and `ew` follow caseExact too",
    'displayName co "BABS" and nickName sw "b" and title ew "GUIDE"',
    ["bjensen"],
  ],
  ["case is folded beyond ASCII", 'userName eq "ÓLAFUR"', ["ólafur"]],
  ["a case exact string is compared with case: `externalId` that matches", 'externalId eq "701984A"', ["bjensen"]],
  ["a case exact string is compared with case: `externalId` that does not", 'externalId eq "701984a"', []],
  ["a case exact `co` keeps case", 'externalId co "ANDY"', ["mandy"]],
  ["a binary value is case exact (RFC 7643 §2.3.6)", `x509Certificates.value eq "${CERTIFICATE}"`, ["bjensen"]],
  ["a binary value of another case does not match", `x509Certificates.value eq "${CERTIFICATE.toLowerCase()}"`, []],
  ["a reference", 'profileUrl sw "https://login.example.com/"', ["bjensen"]],
  // Logical operators, precedence and grouping.
  ["`and`", 'title pr and userType eq "Employee"', ["bjensen", "mandy"]],
  ["`or`", 'title pr or userType eq "Intern"', but("zed")],
  ["`and` binds before `or`", 'userName eq "zed" or userType eq "Employee" and title sw "Tour"', ["bjensen", "zed"]],
  [
    "`and` binds before `or`, the other way round",
    'title sw "Tour" and userType eq "Employee" or userName eq "zed"',
    ["bjensen", "zed"],
  ],
  ["parentheses change the order", '(userName eq "zed" or userType eq "Employee") and title sw "Tour"', ["bjensen"]],
  ["`not` binds before `and`", "not (title pr) and active eq true", ["zed"]],
  ["`not` binds before `or`", 'not (active eq true) or userName eq "zed"', ["jsmith", "zed"]],
  ["`not` of what has no value", 'not (userType eq "Employee")', ["jsmith", "zed", "ólafur"]],
  ["`not` of `not`", 'not (not (userName eq "zed"))', ["zed"]],
  ["`not` without a space (figure 1)", 'not(userName eq "zed")', but("zed")],
  ["nested parentheses", '(((userName eq "zed")))', ["zed"]],
  [
    "many terms",
    Array.from({ length: 30 }, (_, index) => `userName eq "${index === 29 ? "zed" : index}"`).join(" or "),
    ["zed"],
  ],
  // Multi-valued and complex attributes.
  ["a multi-valued attribute matches when any value does", 'emails.value eq "babs@jensen.org"', ["bjensen"]],
  [
    "`ne` on a multi-valued attribute matches when any value differs",
    'emails.type ne "work"',
    ["bjensen", "mandy", "zed", "ólafur"],
  ],
  ["a multi-valued attribute without a sub-attribute means its value", 'emails co "example.org"', ["jsmith"]],
  [
    "sub-attributes in two expressions need not meet in one value",
    'emails.type eq "home" and emails.value co "example.com"',
    ["bjensen"],
  ],
  ["`[ ]` is applied to one and the same value", 'emails[type eq "home" and value co "example.com"]', []],
  ["`[ ]` that one value matches", 'emails[type eq "work" and value co "@example.com"]', ["bjensen"]],
  ["`[ ]` beside others", 'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', ["bjensen"]],
  [
    "two `[ ]`",
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
    ["bjensen"],
  ],
  ["`not` inside `[ ]`", 'emails[not (type eq "work")]', ["bjensen", "mandy"]],
  [
    "`or`, `and` and parentheses inside `[ ]`",
    'emails[(type eq "work" or type eq "home") and value ew ".org"]',
    ["bjensen", "jsmith"],
  ],
  ["`pr` inside `[ ]`", "emails[display pr]", ["bjensen"]],
  ["`not` before `[ ]`", 'not (emails[type eq "work"])', ["mandy", "zed", "ólafur"]],
  ["`[ ]` on a singular complex attribute", 'name[givenName eq "Barbara" and familyName pr]', ["bjensen"]],
  ["a Boolean inside `[ ]`", "emails[primary eq true]", ["bjensen"]],
  // Schemas and extensions.
  ["`schemas` finds resources with an extension", `schemas eq "${ENTERPRISE}"`, ["bjensen", "jsmith"]],
  ["`schemas` finds the core schema", `schemas eq "${USER}"`, ALL],
  ["a core attribute with its URN (§3.10)", `${USER}:userName sw "J"`, ["jsmith"]],
  ["a core sub-attribute with its URN", `${USER}:name.givenName eq "Barbara"`, ["bjensen"]],
  ["a core value path with its URN", `${USER}:emails[type eq "home"]`, ["bjensen", "mandy"]],
  ["a URN whatever its case", `${USER.toUpperCase()}:USERNAME eq "zed"`, ["zed"]],
  ["an extension attribute with its URN", `${ENTERPRISE}:department eq "Theme Park"`, ["jsmith"]],
  ["an extension attribute is present", `${ENTERPRISE}:employeeNumber pr`, ["bjensen"]],
  ["an extension attribute that differs", `${ENTERPRISE}:department ne "theme park"`, but("jsmith")],
  // Common attributes.
  ["`meta.resourceType`", 'meta.resourceType eq "User"', ALL],
  ["`meta.resourceType` of another type", 'meta.resourceType eq "Group"', []],
  ["`id` is present", "id pr", ALL],
  ["an id that nobody has", 'id eq "nobody"', []],
  // JSON literals.
  ["an escaped quote in a string", 'title co "\\"hi\\""', ["ólafur"]],
  ["an escaped backslash", 'title co "\\\\ now"', ["ólafur"]],
  ["an escaped character by its number", 'userName eq "\\u00f3lafur"', ["ólafur"]],
  ["an escaped slash", 'profileUrl eq "https:\\/\\/login.example.com\\/bjensen"', ["bjensen"]],
  ["brackets and parentheses in a string are text", 'nickName eq "(Óli) [x]"', ["ólafur"]],
  ["an operator in a string is text", 'nickName eq "a\\" or userName pr or userName eq \\"b"', []],
  // Figure 2 as it stands.
  ["figure 2", 'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', ["bjensen"]],
  [
    "figure 2",
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    ["zed", "ólafur"],
  ],
  ["figure 2", 'userType eq "Employee" and (emails.type eq "work")', ["bjensen"]],
  // RFC 7643 §4.1.2: groups, read-only, direct and indirect.
  ["`groups.display`", 'groups.display eq "Guides"', ["bjensen", "zed"]],
  ["`groups` reaches through nested groups", 'groups.display eq "everybody"', ["bjensen", "jsmith", "zed"]],
  ["`groups.type`", 'groups[display eq "Everybody" and type eq "indirect"]', ["bjensen", "zed"]],
  ["`groups` is present", "groups pr", ["bjensen", "jsmith", "zed"]],
  ["`not` on groups", "not (groups pr)", ["mandy", "ólafur"]],
];

describe("users", () => {
  test.each(USERS)("RFC 7644 §3.4.2.2: %s: %s", async (_clause, filter, expected) => {
    expect(await found(filter)).toEqual([...expected].sort());
  });

  test("RFC 7644 §3.4.2.2: by id, location, version and manager", async () => {
    const { id, meta } = people.get("bjensen") as Resource;
    for (const filter of [
      `id eq "${id}"`,
      `meta.location eq "${meta.location}"`,
      `meta.version eq ${JSON.stringify(meta.version)} and userName eq "bjensen"`,
      `${ENTERPRISE}:manager.value eq "${people.get("mandy")?.id}"`,
      `${ENTERPRISE}:manager[value eq "${people.get("mandy")?.id}"]`,
      `groups.value eq "${groups.get("Guides")?.id}" and title pr`,
      `groups[value eq "${groups.get("Guides")?.id}"] and title pr`,
      `groups eq "${groups.get("Guides")?.id}" and title pr`,
    ])
      expect(await found(filter), filter).toEqual(["bjensen"]);
    expect(await found(`id ne "${id}"`)).toEqual(but("bjensen").sort());
  });

  test("RFC 7644 §3.4.2.2: a time is the same time in another zone", async () => {
    const { meta, userName } = people.get("zed") as Resource;
    const shifted = new Date(new Date(meta.created as string).getTime() + 2 * 3_600_000).toISOString();
    expect(await found(`meta.created eq "${shifted.replace("Z", "+02:00")}" and userName eq "${userName}"`)).toEqual([
      "zed",
    ]);
    expect(await found(`meta.created gt "${meta.created}"`)).toEqual([]);
    expect(await found(`meta.created ge "${meta.created}"`)).toEqual(["zed"]);
  });

  test("RFC 7644 §3.4.2.2: only the matching resources, also with POST", async () => {
    const answer = await directory.at.send("POST", "/Users/.search", {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
      filter: 'emails[type eq "work"]',
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.resources.map((user) => user.userName).sort()).toEqual(["bjensen", "jsmith"]);
  });
});

describe("groups", () => {
  test.each([
    ["`displayName` has no case", 'displayName eq "guides"', ["Guides"]],
    ["`displayName` sw", 'displayName sw "e"', ["Empty", "Everybody"]],
    ["`externalId` is case exact", 'externalId eq "guides"', []],
    ["`externalId` that matches", 'externalId eq "Guides"', ["Guides"]],
    ["`members` is present", "members pr", ["Everybody", "Guides"]],
    ["no `members`", "not (members pr)", ["Empty"]],
    ["`members.type`", 'members.type eq "Group"', ["Everybody"]],
    ["`members` with `[ ]`", 'members[type eq "User"]', ["Everybody", "Guides"]],
    ["`meta.resourceType`", 'meta.resourceType eq "Group"', ["Empty", "Everybody", "Guides"]],
    ["`schemas`", `schemas eq "${GROUP}"`, ["Empty", "Everybody", "Guides"]],
    ["the URN of Group", `${GROUP}:displayName eq "Empty"`, ["Empty"]],
    ["`meta.created`", 'meta.created gt "2011-05-13T04:42:34Z" and displayName co "ui"', ["Guides"]],
  ])("RFC 7644 §3.4.2.2: %s: %s", async (_clause, filter, expected) => {
    expect(await foundGroups(filter)).toEqual(expected);
  });

  test("RFC 7644 §3.4.2.2: by member, a user or a group", async () => {
    const zed = people.get("zed")?.id;
    const guides = groups.get("Guides")?.id;
    for (const filter of [`members.value eq "${zed}"`, `members[value eq "${zed}"]`, `members eq "${zed}"`])
      expect(await foundGroups(filter), filter).toEqual(["Guides"]);
    expect(await foundGroups(`members[value eq "${guides}" and type eq "Group"]`)).toEqual(["Everybody"]);
    expect(await foundGroups(`id eq "${guides}" and members.value eq "${zed}"`)).toEqual(["Guides"]);
    expect(await foundGroups(`members.value eq "nobody"`)).toEqual([]);
  });
});

/** "The filter parameter MUST contain at least one valid expression"; anything else is 400 with `invalidFilter`. */
const INVALID: [clause: string, filter: string][] = [
  ["nothing at all", ""],
  ["only spaces", "   "],
  ["no operator", "userName"],
  ["no value", "userName eq"],
  ["no attribute", 'eq "x"'],
  ["only a logical operator", "and"],
  ["an operator that is not recognized", 'userName regex "x"'],
  ["an operator of another notation", 'userName = "x"'],
  ["an open parenthesis", '(userName eq "x"'],
  ["a closing parenthesis too many", 'userName eq "x")'],
  ["empty parentheses", "()"],
  ["an open bracket", 'emails[type eq "work"'],
  ["an empty bracket", "emails[]"],
  ["a bracket in a bracket", 'emails[value[type eq "x"]]'],
  ["a bracket behind what has no parts", 'userName[value eq "x"]'],
  ["a string without an end", 'userName eq "x'],
  ["an escape that JSON does not know", 'userName eq "\\q"'],
  ["a single quote for a string", "userName eq 'x' or"],
  ["`and` without a right side", 'userName eq "x" and'],
  ["`and` without a left side", 'and userName eq "x"'],
  ["`or` twice", 'userName eq "x" or or userName eq "y"'],
  ["two expressions without an operator", 'userName eq "x" userName eq "y"'],
  ["`not` without parentheses", "not title pr"],
  ["`pr` with a value", 'title pr "x"'],
  ["an attribute that no schema has", 'favouriteColour eq "x"'],
  ["a sub-attribute that the attribute does not have", 'name.colour eq "x"'],
  ["a sub-attribute in brackets that the attribute does not have", 'emails[colour eq "x"]'],
  ["a URN that no schema has", 'urn:example:params:scim:schemas:none:2.0:User:userName eq "x"'],
  ["a complex attribute compared as a whole", 'name eq "x"'],
  ["an order of Booleans: gt", "active gt true"],
  ["an order of Booleans: ge", "active ge true"],
  ["an order of Booleans: lt", "active lt true"],
  ["an order of Booleans: le", "active le true"],
  ["an order of binary values: gt", 'x509Certificates.value gt "TUlJ"'],
  ["an order of binary values: ge", 'x509Certificates.value ge "TUlJ"'],
  ["an order of binary values: lt", 'x509Certificates.value lt "TUlJ"'],
  ["an order of binary values: le", 'x509Certificates[value le "TUlJ"]'],
  ["a part of a Boolean", 'active co "t"'],
  ["a Boolean compared with a word", 'active eq "perhaps"'],
  ["a time that is none", 'meta.created gt "yesterday"'],
  ["a part of a time", 'meta.created co "2011"'],
  ["an order with null", "title gt null"],
  ["what is never returned (RFC 7643 §4.1.1)", 'password eq "t1meMa$heen"'],
  ["whether there is what is never returned", "password pr"],
];

describe("what is no filter", () => {
  test.each(INVALID)("RFC 7644 §3.4.2.2: %s is refused with invalidFilter: %s", async (_clause, filter) => {
    const path = `/Users?filter=${encodeURIComponent(filter)}`;
    expectError(await directory.at.send("GET", path), 400, "invalidFilter");
  });

  test("RFC 7644 §3.4.2.2: the answer names the operator that is not supported", async () => {
    const answer = await directory.at.send("GET", "/Users?filter=userName%20regex%20%22x%22");
    expect(answer.body).toMatchObject({ detail: expect.stringContaining("regex") });
  });
});
