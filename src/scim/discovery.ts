import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { notFound } from "./errors.ts";
import type { ScimAnswer, ScimRequest } from "./exchange.ts";
import { listAnswer } from "./list.ts";
import { DEFAULT_COUNT, MAX_COUNT } from "./query.ts";
import type { ResourceType } from "./schema/attribute.ts";
import type { Document } from "./schema/canonical.ts";
import {
  type AttributeDefinition,
  enterpriseUserDefinition,
  groupDefinition,
  type SchemaDefinition,
  userDefinition,
} from "./schema/definitions.ts";
import { groupType, userType } from "./schema/resource-types.ts";

const CORE = "urn:ietf:params:scim:schemas:core:2.0";
const types: readonly ResourceType[] = [userType, groupType];

/** What this server can do, for one directory (RFC 7643 §5; `pagination` is RFC 9865 §4). */
export function serviceProviderConfig(ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request.parameters);
  return {
    status: 200,
    body: {
      schemas: [`${CORE}:ServiceProviderConfig`],
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: ctx.config.limits.bodyBytes },
      filter: { supported: true, maxResults: MAX_COUNT },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: false,
        index: true,
        defaultPaginationMethod: "index",
        defaultPageSize: DEFAULT_COUNT,
        maxPageSize: MAX_COUNT,
      },
      authenticationSchemes: [
        {
          type: "oauthbearertoken",
          name: "OAuth Bearer Token",
          description: "The token that was shown when this directory was added or its token rotated",
          specUri: "https://www.rfc-editor.org/info/rfc6750",
          primary: true,
        },
      ],
      meta: {
        resourceType: "ServiceProviderConfig",
        location: `${request.caller.baseUrl}/ServiceProviderConfig`,
      },
    },
  };
}

/** RFC 7643 §6. */
export function resourceTypes(_ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request.parameters);
  const { baseUrl } = request.caller;
  return listAnswer(
    types.length,
    1,
    types.map((type) => resourceTypeDocument(type, baseUrl)),
  );
}

export function resourceType(_ctx: Context, request: ScimRequest, id: string): ScimAnswer {
  const type = types.find((candidate) => candidate.name === id);
  if (!type) throw notFound();
  return { status: 200, body: resourceTypeDocument(type, request.caller.baseUrl) };
}

function resourceTypeDocument(type: ResourceType, baseUrl: string): Document {
  return {
    schemas: [`${CORE}:ResourceType`],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.core.urn,
    ...(type.extensions.length === 0
      ? {}
      : { schemaExtensions: type.extensions.map(({ urn }) => ({ schema: urn, required: false })) }),
    meta: { resourceType: "ResourceType", location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}

/** What this server does not keep is not shown: clients build their requests from these documents. */
function shown(definition: SchemaDefinition): SchemaDefinition {
  const isShown = (attribute: AttributeDefinition): boolean => attribute.mutability !== "writeOnly";
  return { ...definition, attributes: definition.attributes.filter(isShown) };
}

const schemaDefinitions = [userDefinition, groupDefinition, enterpriseUserDefinition].map(shown);

/** RFC 7643 §7. */
export function schemas(_ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request.parameters);
  const { baseUrl } = request.caller;
  return listAnswer(
    schemaDefinitions.length,
    1,
    schemaDefinitions.map((definition) => schemaDocument(definition, baseUrl)),
  );
}

export function schema(_ctx: Context, request: ScimRequest, id: string): ScimAnswer {
  const wanted = id.toLowerCase();
  const definition = schemaDefinitions.find(({ id }) => id.toLowerCase() === wanted);
  if (!definition) throw notFound();
  return { status: 200, body: schemaDocument(definition, request.caller.baseUrl) };
}

function schemaDocument(definition: SchemaDefinition, baseUrl: string): Document {
  return {
    schemas: [`${CORE}:Schema`],
    ...definition,
    meta: { resourceType: "Schema", location: `${baseUrl}/Schemas/${definition.id}` },
  };
}

/** RFC 7644 §4: a filter here is forbidden, so that no client believes that it was applied. */
function refuseFilter(parameters: ReadonlyMap<string, string>): void {
  if (parameters.has("filter")) throw new MusterError("not-allowed", "discovery cannot be filtered", { at: "filter" });
}
