import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { TokenId } from "../db/id.ts";
import { getAccount } from "../identity/account-overview.ts";
import { getOrganization } from "../identity/organizations.ts";
import { PERMISSIONS } from "../identity/rights/permissions.ts";
import { listRights } from "../identity/rights/rights.ts";
import { settingsForm } from "../identity/settings/form.ts";
import { getSettings } from "../identity/settings/settings.ts";
import { getToken } from "../identity/token-rights.ts";
import type { Caller } from "./caller.ts";
import { idOut, instant } from "./fields.ts";
import { route } from "./route.ts";
import { bundle, permission, scopeOut } from "./scope.ts";
import { status } from "./words.ts";

/** A person has few rights; whoever has more sees the others in `/rights`. */
const MOST_RIGHTS = 200;

const me = z
  .object({
    kind: z.enum(["person", "token", "product", "break-glass"]),
    organization: z.object({
      id: idOut,
      key: z.string(),
      name: z.string(),
      /** Whether one works site by site or in the whole organization, and in whose words statuses are told. R4. */
      experience: settingsForm.shape.experience,
      statusVocabulary: settingsForm.shape.statusVocabulary,
    }),
    user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }).nullable(),
    token: z.object({ id: idOut, name: z.string().nullable(), expiresAt: instant.nullable() }).nullable(),
    rights: z.array(z.object({ id: idOut, bundle, scope: scopeOut, scopeName: z.string().nullable() })),
    permissions: z.array(z.object({ permission, scopes: z.array(scopeOut) })),
  })
  .meta({ id: "Me" });

/** `/me`: who the caller is and what they may. R21. */
export const meRoutes = [
  route({
    id: "me.get",
    method: "GET",
    path: "/me",
    summary: "Show who the caller is, with their rights and what they allow",
    guard: "known",
    answer: me,
    read: async (db, { caller }) => {
      const { id, key, name } = await getOrganization(db);
      const { experience, statusVocabulary } = await getSettings(db);
      const token = caller.actor.kind === "api-token" ? await getToken(db, caller.actor.id as TokenId) : null;
      return {
        kind: kindOf(caller),
        organization: { id, key, name, experience, statusVocabulary },
        user: await userOf(db, caller),
        token: token && { id: token.id, name: token.name, expiresAt: token.expiresAt },
        rights: await rightsOf(db, caller),
        permissions: PERMISSIONS.flatMap((one) => {
          const scopes = caller.held.filter((held) => held.permissions.has(one)).map((held) => held.scope);
          return scopes.length === 0 ? [] : [{ permission: one, scopes }];
        }),
      };
    },
  }),
];

function kindOf({ actor, product, account }: Caller): z.output<typeof me>["kind"] {
  if (product !== null) return "product";
  if (actor.kind === "api-token") return "token";
  return account === null ? "break-glass" : "person";
}

async function userOf(db: Db, { account }: Caller) {
  if (account === null) return null;
  const { id, userName, email, status: now } = await getAccount(db, account);
  return { id, userName, email, status: now };
}

async function rightsOf(db: Db, { account }: Caller) {
  if (account === null) return [];
  const rights = await listRights(db, { account, within: null, after: null, limit: MOST_RIGHTS });
  return rights
    .filter((right) => right.inForce)
    .map(({ id, bundle: given, scope, scopeName }) => ({ id, bundle: given, scope, scopeName }));
}
