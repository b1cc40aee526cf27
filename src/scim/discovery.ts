import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { notFound } from "./errors.ts";
import type { ScimAnswer, ScimRequest } from "./exchange.ts";
import { BULK_MAX_OPERATIONS, CURSOR_TIMEOUT, DEFAULT_COUNT, MAX_COUNT } from "./limits.ts";
import { wholeList } from "./list.ts";
import { issuerOf } from "./oauth/metadata.ts";
import type { AttributeTable, ResourceType, ResourceTypes } from "./schema/attribute.ts";
import { type SchemaDefinition, serviceDefinitions } from "./schema/definitions.ts";
import type { Document } from "./schema/document.ts";

const CORE = "urn:ietf:params:scim:schemas:core:2.0";

/** What this server can do, for one directory (RFC 7643 §5; `pagination` is RFC 9865 §4). */
export function serviceProviderConfig(ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  const { baseUrl, directory } = request.caller;
  return {
    status: 200,
    body: {
      schemas: [`${CORE}:ServiceProviderConfig`],
      documentationUri: `${ctx.config.publicUrl}/`,
      patch: { supported: true },
      bulk: { supported: true, maxOperations: BULK_MAX_OPERATIONS, maxPayloadSize: ctx.config.limits.bodyBytes },
      filter: { supported: true, maxResults: MAX_COUNT },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: "index",
        defaultPageSize: DEFAULT_COUNT,
        maxPageSize: MAX_COUNT,
        cursorTimeout: CURSOR_TIMEOUT,
      },
      authenticationSchemes: [
        {
          type: "oauthbearertoken",
          name: "OAuth Bearer Token",
          description: "A token of this directory, shown once when it is made",
          specUri: "https://www.rfc-editor.org/info/rfc6750",
          primary: true,
        },
        {
          type: "oauth2",
          name: "OAuth 2.0 Client Credentials",
          description: `A client of this directory fetches tokens at ${issuerOf(ctx, directory)}/token`,
          specUri: "https://www.rfc-editor.org/info/rfc6749",
          primary: false,
        },
      ],
      meta: { resourceType: "ServiceProviderConfig", location: `${baseUrl}/ServiceProviderConfig` },
    },
  };
}

/** RFC 7643 §6. */
export function resourceTypes(_ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  const { baseUrl, types } = request.caller;
  return wholeList([types.User, types.Group].map((type) => resourceTypeDocument(type, baseUrl)));
}

export function resourceType(_ctx: Context, request: ScimRequest, id: string): ScimAnswer {
  refuseFilter(request);
  const { baseUrl, types } = request.caller;
  const type = [types.User, types.Group].find(({ name }) => name === id);
  if (!type) throw notFound();
  return { status: 200, body: resourceTypeDocument(type, baseUrl) };
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
      : { schemaExtensions: type.extensions.map(({ urn, required }) => ({ schema: urn, required })) }),
    meta: { resourceType: "ResourceType", location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}

/** RFC 7643 §7: the schemas of the organization's resources, and of the documents of discovery themselves. */
export function schemas(_ctx: Context, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  const { baseUrl, types } = request.caller;
  return wholeList(definitionsOf(types).map((definition) => schemaDocument(definition, baseUrl)));
}

export function schema(_ctx: Context, request: ScimRequest, id: string): ScimAnswer {
  refuseFilter(request);
  const { baseUrl, types } = request.caller;
  const wanted = id.toLowerCase();
  const definition = definitionsOf(types).find((each) => each.id.toLowerCase() === wanted);
  if (!definition) throw notFound();
  return { status: 200, body: schemaDocument(definition, baseUrl) };
}

function definitionsOf({ User, Group }: ResourceTypes): SchemaDefinition[] {
  const tables = [User.core, Group.core, ...User.extensions, ...Group.extensions];
  return [...tables.map(shown), ...serviceDefinitions];
}

/** What this server does not keep is not shown: clients build their requests from these documents. */
function shown({ definition, attributes }: AttributeTable): SchemaDefinition {
  const isKept = ({ name }: { name: string }): boolean => attributes.get(name.toLowerCase())?.discarded !== true;
  return { ...definition, attributes: definition.attributes.filter(isKept) };
}

function schemaDocument(definition: SchemaDefinition, baseUrl: string): Document {
  return {
    schemas: [`${CORE}:Schema`],
    ...definition,
    meta: { resourceType: "Schema", location: `${baseUrl}/Schemas/${definition.id}` },
  };
}

/** RFC 7644 §4: a filter here is forbidden, so that no client believes that it was applied. */
function refuseFilter({ parameters }: ScimRequest): void {
  if (parameters.has("filter")) throw new MusterError("not-allowed", "discovery cannot be filtered", { at: "filter" });
}
