import type { ScimAnswer } from "./exchange.ts";
import type { Document } from "./schema/canonical.ts";

/** A page: how many match in all, where it starts, how many it really holds (RFC 7644 §3.4.2.4). */
export function listAnswer(totalResults: number, startIndex: number, resources: readonly Document[]): ScimAnswer {
  return {
    status: 200,
    body: {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
      totalResults,
      startIndex,
      itemsPerPage: resources.length,
      Resources: resources,
    },
  };
}
