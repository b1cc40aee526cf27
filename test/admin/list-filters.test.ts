import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Db } from "../../src/db/connection.ts";
import { type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import type { Filter } from "../../src/filter/ast.ts";
import { type Fields, parseFieldFilter } from "../../src/filter/fields.ts";
import { checkAccess } from "../../src/identity/access/check.ts";
import { ACCOUNT_FIELDS, listAccounts } from "../../src/identity/account-overview.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { AUDIT_FIELDS, pageOfAudit } from "../../src/identity/audit.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { GROUP_FIELDS, pageOfGroups } from "../../src/identity/group-pages.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { GUEST_FIELDS, pageOfGuests } from "../../src/identity/guest-pages.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "../../src/identity/list-filter.ts";
import { MAIL_FIELDS, pageOfMails } from "../../src/identity/mail-pages.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { printFilter, type Filter as ScimFilter } from "../../src/scim/filter/ast.ts";
import type { Attribute, AttributePath, ResourceType } from "../../src/scim/schema/attribute.ts";
import { listRuns, RUN_FIELDS } from "../../src/sync/history.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { anyFilter, type Pool } from "../scim/filter/arbitrary.ts";
import { matches } from "../scim/filter/reference.ts";

const ctx = await testContext();
const organization = newId<OrganizationId>();
const actor = { organization, kind: "system", id: null, requestId: "r-1" } as const;
const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(ctx, actor, work, { lock: "exclusive" });

const NAMES = [
  "Ada",
  "bob",
  "Éva",
  "e\u0301ric",
  "ß-zoe",
  "o'neil",
  'q"uote',
  "z%_\\",
  "\u{10400}x",
  "İpek",
  "carol",
  "Dave",
];

/** Runs as they are left by runs. */
async function makeRuns(directory: string): Promise<void> {
  const row = (state: string, phase: string, mode: string, started: string, more: string) =>
    `('${organization}', '${newId()}', '${directory}', '${mode}', 'schedule', '${state}', '${phase}', 1, '${started}', ${more})`;
  const columns =
    "organization, id, directory, mode, trigger, state, phase, epoch, started_at, rows_written, complete, applied_at, finished_at";
  await statements(ctx.database.superuserUrl, [
    `insert into muster.sync_runs (${columns}) values
      ${row("done", "over", "run", "2026-01-31T12:00:00.000999Z", "5, true, '2026-01-31T12:00:01Z', '2026-01-31T12:00:02Z'")},
      ${row("held", "over", "run", "2026-01-31T12:00:00.001Z", "0, true, null, null")},
      ${row("failed", "over", "dry-run", "2026-02-01T00:00:00Z", "0, false, null, '2026-02-01T00:00:00.002Z'")}`,
  ]);
}

/** People of two directories in every status, with guests' spaces, mails, groups and all that was recorded of it. */
async function makeWorld(): Promise<void> {
  const directories: string[] = [];
  const { wiki, docs, guests, crew } = await write(async (tx) => {
    await createOrganization(tx, { key: "acme" });
    const wiki = await createProduct(tx, await resolveSite(tx, "acme"), { key: "wiki", hasGuests: true });
    const docs = await createSpace(tx, wiki.id, { key: "docs" });
    for (const [name, kind] of [
      ["okta", NAMES],
      ["entra", NAMES.slice(0, 4)],
    ] as const) {
      const directory = await addDirectory(tx, { name, kind: "scim" });
      const people = kind.map((userName, index) => ({
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: index % 3 === 0 ? null : `Ext-${index}`,
        userName,
        active: index !== 2,
        email: index % 4 === 0 ? null : `User${index}@Acme.example`,
        displayName: index % 2 === 0 ? `${userName} Lovelace` : null,
        resource: {},
        contentHash: null,
      }));
      await insertDirectoryUsers(tx, directory.id, people);
      directories.push(directory.id);
    }
    const guests = await createLocalGroup(tx, "Guests É");
    for (const name of ["guests", "Work", "é", "z%_"]) await createLocalGroup(tx, name);
    await grantRole(tx, { group: guests.id, product: wiki.id, role: "guest" });
    // One guest of the wiki is a user of another product, beside somebody who is no guest.
    const desk = await createProduct(tx, await resolveSite(tx, "acme"), { key: "desk" });
    const crew = await createLocalGroup(tx, "crew");
    await grantRole(tx, { group: crew.id, product: desk.id, role: "user" });
    return { wiki, docs, guests, crew };
  });
  const [ada, bob, , eric, zoe] = await write(async (tx) => {
    const found = [];
    for (const name of NAMES.slice(0, 5)) found.push(await resolvePerson(tx, name));
    return found;
  });
  if (!ada || !bob || !eric || !zoe) throw new Error("somebody is missing");
  const at = new Date("2027-01-31T12:00:00.001Z");
  await write(async (tx) => {
    await addLocalMembers(tx, guests.id, [ada, bob, eric]);
    await addLocalMembers(tx, crew.id, [bob, zoe]);
    const space = { space: docs.id, sponsor: null };
    await assignGuest(tx, { ...space, account: ada, permission: "read-only", expiresAt: null });
    await assignGuest(tx, { ...space, account: bob, permission: "can-create-and-edit", expiresAt: at, sponsor: ada });
    await assignGuest(tx, { ...space, account: eric, permission: "read-only", expiresAt: new Date(at.getTime() + 1) });
    await suspendAccount(tx, zoe, "left");
  });
  await makeRuns(directories[0] as string);
  await checkAccess(ctx, actor, { product: wiki.id, user: { id: ada }, seen: true });
  for (const name of [1, 3, 5, 6, 7, 9, 10, 11].map((index) => NAMES[index] as string))
    await write(async (tx) => resendInvitation(tx, ctx.config.invitations, await resolvePerson(tx, name)));
}

type Row = Record<string, unknown> & { id: unknown };
type List = {
  name: string;
  fields: Fields<ListField>;
  /** The rows as the fields call their values, with those that no answer shows. */
  rows(db: Db): Promise<Row[]>;
  found(db: Db, filter: ListFilter): Promise<unknown[]>;
  runs: number;
};

const ids = (rows: readonly { id: unknown }[]) => rows.map(({ id }) => id);
const all = { after: null, limit: 1_000, within: null } as const;

const lists: List[] = [
  {
    name: "users",
    fields: ACCOUNT_FIELDS,
    rows: async (db) => {
      const more = await db.query<Row>({
        text: `select a.id, a.created_at as "createdAt", a.email_domain as domain,
            array(select r.group_id::text from directory_users u join remote_memberships r on r.directory_user = u.id where u.account = a.id
              union all select l.group_id::text from local_memberships l where l.account = a.id) as "group"
          from accounts a where organization = $1`,
        values: [organization],
      });
      return (await listAccounts(db, { ...all, filter: null })).map(({ records, sites, ...account }) => ({
        ...account,
        siteStatus: sites.map(({ status }) => status),
        ...more.find(({ id }) => id === account.id),
        directory: records.map(({ directory }) => directory),
        externalId: records.flatMap(({ externalId }) => externalId ?? []),
      }));
    },
    found: async (db, filter) => ids(await listAccounts(db, { ...all, filter })),
    runs: 1_000,
  },
  {
    name: "groups",
    fields: GROUP_FIELDS,
    rows: async (db) => {
      const created = await db.query<Row>({
        text: `select id, created_at as "createdAt" from groups where organization = $1`,
        values: [organization],
      });
      return (await pageOfGroups(db, all)).map((group) => ({
        ...group,
        ...created.find(({ id }) => id === group.id),
        directory: group.directory ?? "local",
      }));
    },
    found: async (db, filter) => ids(await pageOfGroups(db, { ...all, filter })),
    runs: 250,
  },
  {
    name: "audit rows",
    fields: AUDIT_FIELDS,
    rows: async (db) =>
      (await pageOfAudit(db, { ...all, order: "newest-first" })).map(({ actor: by, subject, ...row }) => ({
        ...row,
        actorKind: by.kind,
        actor: by.id,
        subjectKind: subject.kind,
        subject: subject.id,
      })),
    found: async (db, filter) => ids(await pageOfAudit(db, { ...all, order: "newest-first", filter })),
    runs: 250,
  },
  {
    name: "mails",
    fields: MAIL_FIELDS,
    rows: async (db) => (await pageOfMails(db, all)).map((mail) => ({ ...mail, user: mail.account })),
    found: async (db, filter) => ids(await pageOfMails(db, { ...all, filter })),
    runs: 250,
  },
  {
    name: "guests",
    fields: GUEST_FIELDS,
    rows: async (db) =>
      (await pageOfGuests(db, all)).map((guest) => ({
        ...guest,
        user: guest.user.id,
        userName: guest.user.userName,
        sponsor: guest.sponsor?.id,
      })),
    found: async (db, filter) => ids(await pageOfGuests(db, { ...all, filter })),
    runs: 250,
  },
  {
    name: "runs",
    fields: RUN_FIELDS,
    rows: async (db) => await listRuns(db, { limit: 1_000 }),
    found: async (db, filter) => ids(await listRuns(db, { limit: 1_000, filter })),
    runs: 250,
  },
];

await makeWorld();

/** A list's fields as attributes of a schema, for the reference evaluator and the filters of SCIM's own test. */
function typeOf({ name, fields }: List): ResourceType {
  const attributesOf = (of: readonly ListField[]): [string, Attribute][] =>
    of.map((field) => [
      field.name.toLowerCase(),
      {
        name: field.name,
        type: field.type,
        multiValued: field.from !== undefined,
        caseExact: field.column.form === "exact",
        required: false,
        mutability: "readOnly",
        returned: "default",
        subAttributes: new Map(attributesOf([...(field.parts?.values() ?? [])])),
        maxLength: 1_000,
        maxValues: 1_000,
        discarded: false,
        hides: false,
      },
    ]);
  // The parts by their whole names come from the field that has them.
  const attributes = attributesOf([...fields.values()].filter((field) => !field.name.includes(".")));
  return { name, core: { attributes: new Map(attributes) }, extensions: [] } as unknown as ResourceType;
}

/** As a filter of a list; the reference evaluator speaks of attributes. */
function ofList(filter: ScimFilter, fields: Fields<ListField>): ListFilter {
  const whole = ({ attribute, sub }: AttributePath) =>
    fields.get(`${attribute.name}${sub === null ? "" : `.${sub.name}`}`.toLowerCase()) as ListField;
  const mapped = (each: ScimFilter, field: (path: AttributePath) => ListField): Filter<ListField> => {
    switch (each.kind) {
      case "and":
      case "or":
        return { kind: each.kind, terms: each.terms.map((term) => mapped(term, field)) };
      case "not":
        return { kind: "not", term: mapped(each.term, field) };
      case "value": {
        const { parts } = field({ ...each.path, sub: null });
        const part = ({ sub }: AttributePath) => parts?.get(sub?.name.toLowerCase() ?? "") as ListField;
        return { kind: "value", path: field(each.path), filter: mapped(each.filter, part) };
      }
      default:
        return { ...each, path: field(each.path) } as ListFilter;
    }
  };
  return mapped(filter, whole);
}

/** Values that are there, cut short or in another case, and values that are not. */
function poolOf(rows: readonly Row[]): Pool {
  const plain = rows.flatMap((row) => Object.values(row).flat());
  const values = plain.flatMap((value) => (isThing(value) ? Object.values(value) : [value]));
  const texts = [...new Set(values.filter((value) => typeof value === "string"))];
  const numbers = values.filter((value) => typeof value === "number");
  const times = values.filter((value) => value instanceof Date);
  const text = fc.constantFrom(...texts, "", "É");
  const time = fc
    .constantFrom(...times, new Date(0))
    .chain((date) => fc.constantFrom(-1, 0, 1).map((by) => new Date(date.getTime() + by).toISOString()));
  return (attribute) => {
    if (attribute.type === "boolean") return fc.boolean();
    if (attribute.type === "dateTime") return time;
    if (attribute.type === "integer") return fc.constantFrom(...numbers, 0, 1.5);
    return fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 1, arbitrary: text.map((each) => each.toUpperCase()) },
      { weight: 1, arbitrary: text.map((each) => [...each].slice(1, 3).join("")) },
    );
  };
}

/** Whether a value has parts. */
function isThing(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

/** As an answer has it: what is null is not there. */
function served(row: Row): Record<string, unknown> {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value]));
}

describe("random filters find what the reference evaluator finds", () => {
  let hits = 0;
  test.each(lists)("$name", async (list) => {
    const db = ctx.db.of(organization);
    const rows = await list.rows(db);
    expect(rows.length).toBeGreaterThan(1);
    const type = typeOf(list);
    const resources = rows.map((row) => ({ id: row.id, resource: served(row) }));
    await fc.assert(
      fc.asyncProperty(anyFilter(type, poolOf(rows)), async (filter) => {
        const wanted = ids(resources.filter(({ resource }) => matches(filter, resource)));
        if (wanted.length > 0 && wanted.length < rows.length) hits++;
        expect(await list.found(db, ofList(filter, list.fields)), printFilter(filter)).toEqual(wanted);
      }),
      { numRuns: scaled(list.runs), seed },
    );
  });

  test("and some of them find some of the rows", () => {
    expect(hits).toBeGreaterThan(scaled(2_000) / 20);
  });
});

test("a filter is read as it was written, and no text of it gets into the SQL", () => {
  const words = new Set(["status", "sitestatus", "state", "kind", "source", "access", "access.role"]);
  const pool: Pool = ({ type }) =>
    type === "boolean"
      ? fc.boolean()
      : type === "integer"
        ? fc.integer()
        : type === "dateTime"
          ? fc.constant("2026-01-31T12:00:00Z")
          : fc
              .string()
              .filter((text) => !text.includes("\0") && text.isWellFormed())
              .map((text) => `QQ${text}`);
  for (const list of lists) {
    const fields = new Map([...list.fields].filter(([name]) => !words.has(name)));
    fc.assert(
      fc.property(anyFilter(typeOf({ ...list, fields }), pool), (filter) => {
        const wanted = ofList(filter, list.fields);
        expect(parseFieldFilter(printFilter(filter), list.fields, list.name)).toEqual(wanted);
        const values: unknown[] = [];
        expect(listFilterSql(wanted, values)).not.toContain("QQ");
      }),
      { numRuns: scaled(500), seed },
    );
  }
});

test("only what an index finds is no slow read", () => {
  const isKeyed = (text: string) => isServed(parseFieldFilter(text, ACCOUNT_FIELDS, "users"));
  for (const text of [
    'userName eq "ada"',
    'EMAIL eq "a@b.example" or id eq "x"',
    '(userName eq "ada") and displayName co "a"',
  ])
    expect(isKeyed(text)).toBe(true);
  for (const text of [
    'userName sw "ada"',
    'userName eq "a" or status eq "active"',
    'not (userName eq "a")',
    "id ne null",
    "email eq null",
  ])
    expect(isKeyed(text)).toBe(false);
});
