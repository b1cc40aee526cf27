import type { OpenApi } from "../../src/admin/openapi/document.ts";
import { ACTOR_KINDS } from "../../src/db/transaction.ts";
import { SCOPE_OF } from "../../src/identity/rights/bundles.ts";

/** Lists of words that the console shows to choose from, by where the API's document has them: a schema's property, or an operation's query. */
const LISTS = {
  STATUSES: ["schema", "Status"],
  ROLES: ["schema", "Role"],
  USER_KINDS: ["schema", "UserKind"],
  USER_SOURCES: ["schema", "User", "source"],
  LEAVINGS: ["body", "users.offBoard", "leaving"],
  REPAIRS: ["schema", "AddressRepair", "repair"],
  INVITATION_STATES: ["schema", "Invitation", "state"],
  DELIVERIES: ["schema", "Invitation", "delivery"],
  REQUEST_STATES: ["schema", "AccessRequest", "state"],
  MAIL_STATES: ["schema", "Mail", "state"],
  RUN_STATES: ["schema", "Run", "state"],
  PLAN_KINDS: ["query", "runs.plan", "kind"],
  DIRECTORY_PERMISSIONS: ["schema", "Directory", "permissions"],
  DIRECTORY_PROFILES: ["schema", "Directory", "profile"],
  SEAT_ENFORCEMENTS: ["schema", "Product", "seatEnforcement"],
  GUEST_BASES: ["schema", "Product", "guestBasis"],
  GUEST_POLICY_STATES: ["schema", "GuestPolicy", "state"],
  SIGN_UP_MODES: ["schema", "SignUp", "mode"],
  SIGN_UP_ROLES: ["schema", "SignUpRole", "role"],
} as const satisfies Record<string, readonly ["schema" | "query" | "body", string, string?]>;

type Schema = { readonly [keyword: string]: unknown };

/** The lists as values, in the order of the document, and what the document does not say: which scope each bundle is given for. */
export function wordsOf(document: OpenApi): string {
  const lists = Object.entries(LISTS).map(([name, place]) => constant(name, enumAt(document, place)));
  return [
    "/** Words of the API to choose from. */",
    ...lists,
    "/** Who can have done what the audit trail says. */",
    constant("ACTOR_KINDS", ACTOR_KINDS),
    "/** For what kind of scope each bundle is given. */",
    constant("SCOPE_OF_BUNDLE", SCOPE_OF),
    "",
  ].join("\n");
}

const constant = (name: string, value: object) => `export const ${name} = ${JSON.stringify(value)} as const;`;

/** @throws Error when no list of words stands there. */
function enumAt(document: OpenApi, [kind, name, property]: readonly [string, string, string?]): readonly string[] {
  const operation = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .find(({ operationId }) => operationId === name);
  const whole: Schema | undefined =
    kind === "schema"
      ? document.components.schemas[name]
      : kind === "body"
        ? operation?.requestBody?.content["application/json"]?.schema
        : operation?.parameters?.find((one) => one.in === "query" && one.name === property)?.schema;
  const found =
    kind === "query" || property === undefined ? whole : (whole?.properties as Schema | undefined)?.[property];
  const words = wordsIn(document, found as Schema | undefined);
  if (words === undefined) throw new Error(`the API's document has no list of words at ${name} ${property ?? ""}`);
  return words;
}

function wordsIn(document: OpenApi, schema: Schema | undefined): readonly string[] | undefined {
  if (schema === undefined) return undefined;
  if (Array.isArray(schema.enum)) return schema.enum as string[];
  if (typeof schema.$ref === "string")
    return wordsIn(document, document.components.schemas[schema.$ref.slice("#/components/schemas/".length)]);
  return (schema.anyOf as Schema[] | undefined)?.flatMap((one) => wordsIn(document, one) ?? []);
}
