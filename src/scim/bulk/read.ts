import { MusterError } from "../../errors.ts";
import { tolerate } from "../dialect.ts";
import type { ScimRequest } from "../exchange.ts";
import { BULK_MAX_OPERATIONS } from "../limits.ts";
import { caseless, isObject, namesSchema } from "../schema/document.ts";

/** One operation of a Bulk request (RFC 7644 §3.7), not yet looked into: what is wrong with it is its own error. */
export type BulkOperation = {
  method: string;
  path: string;
  bulkId: string | undefined;
  version: string | undefined;
  data: unknown;
  /** What is wrong with its form; then the rest means nothing. */
  fault: MusterError | undefined;
};

export type BulkRequest = {
  operations: readonly BulkOperation[];
  /** After so many errors the rest is not begun. */
  failOnErrors: number;
};

const BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:bulkrequest";
const MAX_BULK_ID = 256;

/**
 * @throws MusterError `invalid` when the request as a whole cannot be read, `too-large` naming the limit when it holds
 *   too many operations (RFC 7644 §3.7.4), `invalid-value` when two operations have one bulkId.
 */
export function readBulkRequest(request: ScimRequest): BulkRequest {
  const { body } = request;
  if (!isObject(body)) throw new MusterError("invalid", "the body must be a JSON object");
  if (!namesSchema(body, BULK_REQUEST)) tolerate(request, "schemas-missing", "schemas");
  const list = caseless(body, "operations");
  if (!Array.isArray(list) || list.length === 0)
    throw new MusterError("invalid", "a Bulk request needs a list of one or more operations", { at: "Operations" });
  if (list.length > BULK_MAX_OPERATIONS)
    throw new MusterError(
      "too-large",
      `a Bulk request may hold at most ${BULK_MAX_OPERATIONS} operations (maxOperations), this one has ${list.length}`,
      { at: "Operations" },
    );
  const operations = list.map((item, index) => readOperation(request, item, `Operations[${index}]`));
  requireDistinct(operations);
  return { operations, failOnErrors: readFailOnErrors(caseless(body, "failonerrors")) };
}

function readFailOnErrors(value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1)
    throw new MusterError("invalid-value", "must be a whole number above 0", { at: "failOnErrors" });
  return value;
}

function readOperation(request: ScimRequest, item: unknown, at: string): BulkOperation {
  const parts = isObject(item) ? item : {};
  const text = (name: string): string | undefined => {
    const value = caseless(parts, name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const given = text("method") ?? "";
  const method = given.toUpperCase();
  const operation = { method, path: text("path") ?? "", bulkId: text("bulkid"), version: text("version") };
  const data = caseless(parts, "data");
  try {
    checkForm(request, { ...operation, given, data }, at);
    return { ...operation, data, fault: undefined };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return { ...operation, data, fault: error };
  }
}

type Form = { method: string; given: string; path: string; bulkId: string | undefined; data: unknown };

function checkForm(request: ScimRequest, form: Form, at: string): void {
  if (!["POST", "PUT", "PATCH", "DELETE"].includes(form.method))
    throw new MusterError("invalid", "method must be POST, PUT, PATCH or DELETE", { at: `${at}.method` });
  if (form.given !== form.method) tolerate(request, "op-case", `${at}.method`);
  if (!form.path.startsWith("/"))
    throw new MusterError("invalid", "path must start with /, as in /Users", { at: `${at}.path` });
  if (form.bulkId !== undefined && form.bulkId.length > MAX_BULK_ID)
    throw new MusterError("invalid-value", `may have at most ${MAX_BULK_ID} characters`, { at: `${at}.bulkId` });
  if (form.method === "POST" && form.bulkId === undefined) tolerate(request, "bulk-id-missing", `${at}.bulkId`);
  if (form.method !== "DELETE" && !isObject(form.data))
    throw new MusterError("invalid", "data must be the body of the operation", { at: `${at}.data` });
}

/** Only POSTs define a bulkId; others may carry one to be told apart in the answer. */
function requireDistinct(operations: readonly BulkOperation[]): void {
  const seen = new Set<string>();
  for (const [index, { method, bulkId }] of operations.entries()) {
    if (method !== "POST" || bulkId === undefined) continue;
    if (seen.has(bulkId))
      throw new MusterError("invalid-value", "another operation has the same bulkId", {
        at: `Operations[${index}].bulkId`,
      });
    seen.add(bulkId);
  }
}
