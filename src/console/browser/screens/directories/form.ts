import type { Operation } from "../../api/call.ts";
import type { Operations } from "../../api/operations.gen.ts";

export type PulledKind = "ldap" | "google-workspace";

/** One field of a pulled directory's settings, as its form asks for it. */
export type Field = {
  name: string;
  /** `list`: several words; `area`: several lines. */
  form: "line" | "area" | "list" | "flag" | "choice";
  required?: true;
  choices?: readonly string[];
  example?: string;
};

/** What the API takes for a directory of the kind: everything but files of the server, which are named there. */
export const FIELDS: Readonly<Record<PulledKind, readonly Field[]>> = {
  ldap: [
    { name: "url", form: "list", required: true, example: "ldaps://ldap.example.com" },
    { name: "bindDn", form: "line", required: true, example: "cn=muster,ou=services,dc=example,dc=com" },
    { name: "base", form: "line", required: true, example: "dc=example,dc=com" },
    { name: "userBase", form: "line", example: "ou=people,dc=example,dc=com" },
    { name: "groupBase", form: "line", example: "ou=groups,dc=example,dc=com" },
    { name: "userFilter", form: "line", example: "(objectClass=inetOrgPerson)" },
    { name: "groupFilter", form: "line", example: "(objectClass=groupOfNames)" },
    {
      name: "vendor",
      form: "choice",
      choices: ["openldap", "active-directory", "389-directory-server", "freeipa", "other"],
    },
    { name: "startTls", form: "flag" },
    { name: "serverName", form: "line", example: "ldap.example.com" },
    { name: "ca", form: "area", example: "-----BEGIN CERTIFICATE-----" },
  ],
  "google-workspace": [
    { name: "admin", form: "line", required: true, example: "admin@example.com" },
    { name: "customer", form: "line", example: "my_customer" },
    { name: "domains", form: "list", example: "example.com" },
    { name: "organizationalUnits", form: "list", example: "/Engineering" },
    { name: "groups", form: "list", example: "team-*@example.com" },
    { name: "deletedUsers", form: "choice", choices: ["absent", "inactive"] },
    { name: "groupName", form: "choice", choices: ["name", "email"] },
  ],
};

export type Settings = Readonly<Record<string, unknown>>;

/** The settings without what was left empty: a default is the server's. */
export function given(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== "" && value !== false && !isEmptyList(value)),
  );
}

function isEmptyList(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

/** What an operation that changes takes, as its form holds it. */
export type BodyOf<O extends Operation> = NonNullable<Operations[O]["body"]>;
