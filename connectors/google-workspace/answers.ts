import { z } from "zod";

/**
 * What is asked of Google and what its answers must look like. `kind` is asked for so that an answer of another sort, or
 * an empty object from whoever stands in between, is not taken for an empty directory.
 * Source: https://developers.google.com/workspace/admin/directory/reference/rest
 */
const id = z.string().min(1).max(200);
const text = z.string().nullish();
const flag = z.boolean().nullish();
const nextPageToken = z.string().min(1).max(10_000).nullish();

const user = z.object({
  id,
  primaryEmail: text,
  name: z.object({ givenName: text, familyName: text, fullName: text }).nullish(),
  orgUnitPath: text,
  suspended: flag,
  archived: flag,
  deletionTime: text,
  creationTime: text,
});
export type GoogleUser = z.infer<typeof user>;

const group = z.object({ id, email: z.string().min(1), name: text, directMembersCount: z.string().nullish() });
export type GoogleGroup = z.infer<typeof group>;

const member = z.object({ id: id.nullish(), email: text, type: z.enum(["USER", "GROUP", "CUSTOMER", "EXTERNAL"]) });
export type GoogleMember = z.infer<typeof member>;

const USER_FIELDS = "id,primaryEmail,name(givenName,familyName,fullName),orgUnitPath,suspended,archived,deletionTime";

export const USERS = {
  fields: `kind,nextPageToken,users(${USER_FIELDS})`,
  /** Enough to tell who was missed. */
  fewFields: "kind,nextPageToken,users(id,creationTime)",
  shape: z
    .object({ kind: z.literal("admin#directory#users"), nextPageToken, users: z.array(user).nullish() })
    .transform((page) => ({ next: page.nextPageToken ?? null, items: page.users ?? [] })),
};

export const GROUPS = {
  fields: "kind,nextPageToken,groups(id,email,name,directMembersCount)",
  shape: z
    .object({ kind: z.literal("admin#directory#groups"), nextPageToken, groups: z.array(group).nullish() })
    .transform((page) => ({ next: page.nextPageToken ?? null, items: page.groups ?? [] })),
};

export const MEMBERS = {
  fields: "kind,nextPageToken,members(id,email,type)",
  shape: z
    .object({ kind: z.literal("admin#directory#members"), nextPageToken, members: z.array(member).nullish() })
    .transform((page) => ({ next: page.nextPageToken ?? null, items: page.members ?? [] })),
};

/** The administrator that Muster acts as, and whose directory it is. */
export const READER = {
  fields: "kind,id,primaryEmail,customerId,isAdmin,isDelegatedAdmin",
  shape: z.object({
    kind: z.literal("admin#directory#user"),
    id,
    primaryEmail: z.string(),
    customerId: z.string().min(1),
    isAdmin: flag,
    isDelegatedAdmin: flag,
  }),
};

export const UNITS = {
  fields: "kind,organizationUnits(orgUnitId,orgUnitPath)",
  shape: z
    .object({
      kind: z.literal("admin#directory#orgUnits"),
      organizationUnits: z.array(z.object({ orgUnitId: id, orgUnitPath: z.string() })).nullish(),
    })
    .transform((answer) => answer.organizationUnits ?? []),
};

/** One person or group, asked for by id. */
export const PERSON = {
  fields: "kind,id,creationTime",
  shape: z.object({ kind: z.literal("admin#directory#user"), id, creationTime: text }),
};
export const GROUP = {
  fields: "kind,id",
  shape: z.object({ kind: z.literal("admin#directory#group"), id }),
};
