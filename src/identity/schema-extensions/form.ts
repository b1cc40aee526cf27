import { z } from "zod";

/** Bounds of what one organization may declare: its schemas are compiled and held in memory while its requests come. */
const MAX_EXTENSIONS = 20;
const MAX_ATTRIBUTES = 100;
const MAX_PARTS = 20;
const MAX_IN_ALL = 1_000;

const text = z
  .string()
  .min(1)
  .max(1_024)
  .refine((value) => !value.includes("\0") && value.isWellFormed(), "it holds a character that cannot be stored");

/** Only characters that a filter reads as one word and that stand in SQL and JSON paths as they are. */
const urn = z
  .string()
  .max(200)
  .regex(
    /^urn:[A-Za-z0-9][A-Za-z0-9-]{0,30}(:[A-Za-z0-9_.-]+)+$/,
    "a URN is urn:NAMESPACE:NAME, as in urn:example:scim:1.0:Badge, of letters, digits and the characters : . _ -",
  )
  .refine(
    (value) => !/^urn:ietf:params:scim:(api|schemas:core|schemas:extension:enterprise)(:|$)/i.test(value),
    "this URN belongs to SCIM itself; choose one of your own",
  );

/** RFC 7643 §2.1. Words that filters read differently, and names that any object has, would not mean the attribute. */
const NAME = /^[a-zA-Z$][\w$-]{0,63}$/;
const UNUSABLE = new Set(
  ["and", "or", "not", ...Object.getOwnPropertyNames(Object.prototype)].map((word) => word.toLowerCase()),
);
/** RFC 7643 §3 and §3.1: what every resource has. */
const COMMON = new Set(["schemas", "id", "externalid", "meta"]);

const name = z
  .string()
  .regex(NAME, "a name is 1 to 64 letters, digits and the characters $ - _ and starts with a letter or $")
  .refine((value) => !UNUSABLE.has(value.toLowerCase()), "this name cannot be used");

const simpleType = z.enum(["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"], {
  error: "it must be string, boolean, decimal, integer, dateTime, reference or binary",
});

const RETURNED = ["default", "always", "request", "never"] as const;

const characteristics = {
  name,
  description: text.optional(),
  required: z.boolean().default(false),
  caseExact: z.boolean().optional(),
  mutability: z
    .enum(["readWrite", "immutable", "writeOnly"], {
      error: "it must be readWrite, immutable or writeOnly; what is readOnly nobody could ever give a value",
    })
    .default("readWrite"),
  returned: z.enum(RETURNED).optional(),
  uniqueness: z
    .literal("none", {
      error: "Muster cannot promise that values of an extension are unique; write none or leave it out",
    })
    .default("none"),
  canonicalValues: z.array(text).min(1).max(100).optional(),
  referenceTypes: z.array(text).min(1).max(20).optional(),
};

const part = z
  .strictObject({ ...characteristics, type: simpleType, multiValued: z.literal(false).default(false) })
  .superRefine(checkCharacteristics)
  .transform(complete);

const attribute = z
  .strictObject({
    ...characteristics,
    name: name.refine((value) => !COMMON.has(value.toLowerCase()), "every resource has an attribute of this name"),
    type: z.union([simpleType, z.literal("complex")], {
      error: "it must be string, boolean, decimal, integer, dateTime, reference, binary or complex",
    }),
    multiValued: z.boolean().default(false),
    /** One level: RFC 7643 §2.3.8 allows no more. */
    subAttributes: once(z.array(part).min(1).max(MAX_PARTS)).optional(),
  })
  .superRefine((given, check) => {
    checkCharacteristics(given, check);
    if (given.type === "complex" && given.subAttributes === undefined)
      check.addIssue({ code: "custom", path: ["type"], message: "what is complex needs subAttributes" });
    if (given.type !== "complex" && given.subAttributes !== undefined)
      check.addIssue({ code: "custom", path: ["subAttributes"], message: "only what is complex has subAttributes" });
  })
  .transform(complete);

type Characteristics = {
  type: string;
  caseExact?: boolean | undefined;
  mutability: string;
  returned?: (typeof RETURNED)[number] | undefined;
  canonicalValues?: string[] | undefined;
  referenceTypes?: string[] | undefined;
};

/** What contradicts the type, or itself. */
function checkCharacteristics(given: Characteristics, check: z.RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    void check.addIssue({ code: "custom", path: [field], message });
  const { type } = given;
  if (given.caseExact !== undefined && type !== "string" && !(given.caseExact && isAlwaysExact(type)))
    refuse("caseExact", isAlwaysExact(type) ? `what is ${type} is always case exact` : "only texts have a case");
  if (given.mutability === "writeOnly" && given.returned !== undefined && given.returned !== "never")
    refuse("returned", "what is writeOnly is never returned");
  if (given.canonicalValues !== undefined && type !== "string")
    refuse("canonicalValues", "only what is string has canonicalValues");
  if (given.referenceTypes !== undefined && type !== "reference")
    refuse("referenceTypes", "only what is reference has referenceTypes");
}

/** RFC 7643 §2.3.6, §2.3.7. */
function isAlwaysExact(type: string): boolean {
  return type === "binary" || type === "reference";
}

/** Every characteristic said, so that equal declarations are equal values (defaults of RFC 7643 §2.2). */
function complete<Given extends Characteristics>({ caseExact, returned, referenceTypes, ...rest }: Given) {
  const isText = rest.type === "string" || isAlwaysExact(rest.type);
  return {
    ...rest,
    ...(isText ? { caseExact: caseExact ?? isAlwaysExact(rest.type) } : {}),
    returned: returned ?? (rest.mutability === "writeOnly" ? ("never" as const) : ("default" as const)),
    ...(rest.type === "reference" ? { referenceTypes: referenceTypes ?? ["external"] } : {}),
  };
}

/** Each name once, whatever its case (RFC 7643 §2.1). */
function once<List extends z.ZodArray<z.ZodType<{ name: string }>>>(list: List): List {
  return list.superRefine((items, check) => {
    const seen = new Set<string>();
    for (const [index, item] of (items as { name: string }[]).entries()) {
      const key = item.name.toLowerCase();
      if (seen.has(key))
        check.addIssue({ code: "custom", path: [index, "name"], message: `${item.name} stands here twice` });
      seen.add(key);
    }
  });
}

/** The attributes of one extension, as RFC 7643 §7 describes them and as they are stored. */
export const extensionAttributes = once(z.array(attribute).min(1).max(MAX_ATTRIBUTES));

const extension = z.strictObject({
  urn,
  resource: z.enum(["User", "Group"]),
  name: text.max(256),
  description: text.optional(),
  required: z.boolean().default(false),
  attributes: extensionAttributes,
});

/** Everything that an organization declares beyond the RFC's schemas. */
export const schemaExtensionList = z
  .array(extension)
  .max(MAX_EXTENSIONS)
  .superRefine((extensions, check) => {
    const paths = new Map<string, string>();
    const urns = new Set<string>();
    let count = 0;
    for (const { urn: own, attributes } of extensions)
      for (const { name: named, subAttributes = [] } of attributes) {
        count += 1 + subAttributes.length;
        for (const tail of ["", ...subAttributes.map((sub) => `.${sub.name}`)])
          paths.set(`${own}:${named}${tail}`.toLowerCase(), own);
      }
    for (const [index, { urn: own }] of extensions.entries()) {
      const key = own.toLowerCase();
      const other = paths.get(key);
      const message = urns.has(key)
        ? `${own} stands here twice`
        : other !== undefined && `this is also an attribute of ${other}, so nobody could tell which is meant`;
      if (message) check.addIssue({ code: "custom", path: [index, "urn"], message });
      urns.add(key);
    }
    if (count > MAX_IN_ALL)
      check.addIssue({ code: "custom", message: `at most ${MAX_IN_ALL} attributes in all, with their parts` });
  });

export type SchemaExtension = z.output<typeof extension>;
export type ExtensionAttribute = SchemaExtension["attributes"][number];
