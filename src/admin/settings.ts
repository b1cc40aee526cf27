import { z } from "zod";
import type { Db } from "../db/connection.ts";
import { formatSignUpDomains, listSignUpDomains, setSignUpDomains } from "../identity/domains.ts";
import { setExternalUserManagement } from "../identity/external-user-management.ts";
import { LOCALES, setLocale } from "../identity/locales.ts";
import { getOrganization, renameOrganization, setMembershipMode } from "../identity/organizations.ts";
import { schemaExtensionList } from "../identity/schema-extensions/form.ts";
import { listSchemaExtensions } from "../identity/schema-extensions/read.ts";
import { setSchemaExtensions } from "../identity/schema-extensions/write.ts";
import { settingsChange, settingsForm } from "../identity/settings/form.ts";
import { changeSettings, getSettings } from "../identity/settings/settings.ts";
import { setTimeZone } from "../identity/time-zone.ts";
import { idOut, text } from "./fields.ts";
import { route } from "./route.ts";

const membershipMode = z.enum(["aggregating", "masking"]);

const settingsAnswer = z
  .object({
    id: idOut,
    key: z.string(),
    name: z.string(),
    membershipMode,
    externalUserManagement: z.boolean(),
    locale: z.enum(LOCALES),
    timeZone: z.string(),
    ...settingsForm.shape,
  })
  .meta({ id: "Settings" });

const domains = z.object({ domains: z.array(z.string()) }).meta({ id: "SignUpDomains" });

const extensions = z
  .object({
    extensions: z.array(
      z.object({
        urn: z.string(),
        resource: z.enum(["User", "Group"]),
        name: z.string(),
        description: z.string().optional(),
        required: z.boolean(),
        attributes: z.array(z.record(z.string(), z.unknown())),
      }),
    ),
  })
  .meta({ id: "SchemaExtensions" });

/** `/settings`: the organization itself. */
export const settingsRoutes = [
  route({
    id: "settings.get",
    method: "GET",
    path: "/settings",
    summary: "Show the organization",
    guard: { permission: "settings:read" },
    answer: settingsAnswer,
    read: shown,
  }),
  route({
    id: "settings.update",
    method: "PATCH",
    path: "/settings",
    summary:
      "Change the organization's name, language, time zone, and how people are invited, let in and told; docs/settings.md has all of them",
    guard: { permission: "settings:write" },
    body: z
      .strictObject({
        name: text(256),
        membershipMode,
        externalUserManagement: z.boolean(),
        locale: z.enum(LOCALES),
        timeZone: text(64),
      })
      .partial()
      .extend(settingsChange.shape),
    answer: settingsAnswer,
    current: "settings.get",
    lock: "exclusive",
    write: async (
      tx,
      { body: { name, membershipMode: mode, externalUserManagement, locale, timeZone, ...settings } },
    ) => {
      if (name !== undefined) await renameOrganization(tx, name);
      if (mode !== undefined) await setMembershipMode(tx, mode);
      if (externalUserManagement !== undefined) await setExternalUserManagement(tx, externalUserManagement);
      if (locale !== undefined) await setLocale(tx, locale);
      if (timeZone !== undefined) await setTimeZone(tx, timeZone);
      await changeSettings(tx, settings);
      return shown(tx);
    },
  }),
  route({
    id: "signUpDomains.get",
    method: "GET",
    path: "/settings/sign-up-domains",
    summary: "Show the sign-up domains",
    guard: { permission: "settings:read" },
    answer: domains,
    read: async (db) => ({ domains: formatSignUpDomains(await listSignUpDomains(db)) }),
  }),
  route({
    id: "signUpDomains.set",
    method: "PUT",
    path: "/settings/sign-up-domains",
    summary: "Make this the whole list; *.example.com covers the sub-domains, example.com that domain alone",
    guard: { permission: "settings:write" },
    body: z.strictObject({ domains: z.array(text(300)).max(1_000) }),
    answer: z.object({ domains: z.array(z.string()), accountsChanged: z.int() }),
    current: "signUpDomains.get",
    lock: "exclusive",
    write: async (tx, { body }) => {
      const { domains: list, changed } = await setSignUpDomains(tx, body.domains);
      return { domains: formatSignUpDomains(list), accountsChanged: changed };
    },
  }),
  route({
    id: "schemaExtensions.get",
    method: "GET",
    path: "/settings/schema-extensions",
    summary: "Show the schema extensions",
    guard: { permission: "settings:read" },
    answer: extensions,
    read: async (db) => ({ extensions: await listSchemaExtensions(db) }),
  }),
  route({
    id: "schemaExtensions.set",
    method: "PUT",
    path: "/settings/schema-extensions",
    summary: "Make this the whole of the organization's schema extensions",
    guard: { permission: "settings:write" },
    body: z.strictObject({ extensions: schemaExtensionList }),
    answer: z.object({
      extensions: z.array(
        z.object({ urn: z.string(), outcome: z.enum(["created", "updated", "unchanged", "removed"]) }),
      ),
    }),
    current: "schemaExtensions.get",
    lock: "exclusive",
    write: async (tx, { body }) => ({ extensions: await setSchemaExtensions(tx, body.extensions) }),
  }),
];

async function shown(db: Db) {
  return { ...(await getOrganization(db)), ...(await getSettings(db)) };
}
