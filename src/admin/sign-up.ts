import { z } from "zod";
import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { formatSignUpDomains, listSignUpDomains, setSignUpDomains } from "../identity/domains.ts";
import { letDomainSignUp } from "../identity/invitations/sign-up-offer.ts";
import { emailKey } from "../identity/keys.ts";
import { keysOfProducts } from "../identity/products.ts";
import { getSignUp, type SignUpRole, setSignUp, signUpVerdict } from "../identity/sign-up.ts";
import { keyIn, text } from "./fields.ts";
import { inside } from "./place.ts";
import { productFor } from "./product-of.ts";
import { route } from "./route.ts";

const roleIn = z.enum(["user", "guest"]);
const roleOut = z
  .object({
    site: z.string(),
    product: z.string(),
    role: roleIn,
    domain: z.string().nullable(),
    needsApproval: z.boolean(),
  })
  .meta({ id: "SignUpRole" });

const settings = {
  mode: z.enum(["off", "restricted", "open"]),
  verification: z.enum(["always", "restricted-only"]),
  notices: z.boolean(),
  requests: z.boolean(),
};

const answer = z.object({ ...settings, domains: z.array(z.string()), roles: z.array(roleOut) }).meta({ id: "SignUp" });

/** `/settings/sign-up`: who may make an account for themselves, and with what. */
export const signUpRoutes = [
  route({
    id: "signUp.get",
    method: "GET",
    path: "/settings/sign-up",
    summary: "Show how people sign up",
    guard: { permission: "settings:read" },
    answer,
    read: (db) => shown(db),
  }),
  route({
    id: "signUp.set",
    method: "PUT",
    path: "/settings/sign-up",
    summary: "Make this how people sign up; who is in already stays",
    guard: { permission: "settings:write" },
    body: z.strictObject({
      ...settings,
      verification: settings.verification.default("always"),
      notices: settings.notices.default(true),
      requests: settings.requests.default(true),
      /** The sign-up domains, the whole list; left out: as it is. */
      domains: z.array(text(300)).max(1_000).optional(),
      roles: z
        .array(
          z.strictObject({
            product: keyIn,
            site: keyIn.optional(),
            role: roleIn,
            domain: text(300).nullable().default(null),
            needsApproval: z.boolean().default(false),
          }),
        )
        .max(200)
        .default([]),
    }),
    answer,
    current: "signUp.get",
    lock: "exclusive",
    write: async (tx, { ctx, caller, body: { domains, ...body } }) => {
      const roles: SignUpRole[] = [];
      for (const [index, { product, site, ...given }] of body.roles.entries())
        await inside(`/roles/${index}`, async () => {
          const { id } = await productFor(tx, caller, "products:read", { key: product, site });
          roles.push({ product: id, ...given });
        });
      if (domains) await setSignUpDomains(tx, domains);
      await setSignUp(tx, ctx.config.mail, { ...body, roles });
      return shown(tx);
    },
  }),
  route({
    id: "signUp.allowDomain",
    method: "POST",
    path: "/settings/sign-up/domains",
    summary: "Let everybody with an address of a domain sign up, and to these products; what else is said stays",
    guard: { permission: "settings:write" },
    body: z.strictObject({
      domain: text(300),
      products: z
        .array(z.strictObject({ product: keyIn, site: keyIn.optional(), needsApproval: z.boolean().default(false) }))
        .max(50)
        .default([]),
    }),
    answer,
    current: "signUp.get",
    lock: "exclusive",
    write: async (tx, { ctx, caller, body }) => {
      const roles: Omit<SignUpRole, "domain">[] = [];
      for (const [index, { product, site, needsApproval }] of body.products.entries())
        await inside(`/products/${index}`, async () => {
          const { id } = await productFor(tx, caller, "products:read", { key: product, site });
          roles.push({ product: id, role: "user", needsApproval });
        });
      await letDomainSignUp(tx, ctx.config.mail, body.domain, roles);
      return shown(tx);
    },
  }),
  route({
    id: "signUp.test",
    method: "GET",
    path: "/settings/sign-up/test",
    summary: "Show whether an address could sign up, with which roles, and whether its domain could be added",
    guard: { permission: "settings:read" },
    query: z.strictObject({ email: text(254) }),
    answer: z.object({
      allowed: z.boolean(),
      reason: z.enum(["off", "domain"]).nullable(),
      /** The address's domain, where it could be added to the sign-up domains. */
      offer: z.string().nullable(),
      roles: z.array(roleOut),
    }),
    read: async (db, { query }) => {
      const key = emailKey(query.email);
      if (key === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
      const { roles, ...verdict } = await signUpVerdict(db, key);
      return { ...verdict, roles: await named(db, roles) };
    },
  }),
];

async function shown(db: Db) {
  const { roles, ...rest } = await getSignUp(db);
  return { ...rest, domains: formatSignUpDomains(await listSignUpDomains(db)), roles: await named(db, roles) };
}

async function named(db: Db, roles: readonly SignUpRole[]) {
  const keys = await keysOfProducts(
    db,
    roles.map(({ product }) => product),
  );
  const byId = new Map(keys.map(({ id, ...key }) => [id, key]));
  return roles.map(({ product, ...role }) => {
    const { site = "", key = "" } = byId.get(product) ?? {};
    return { site, product: key, ...role };
  });
}
