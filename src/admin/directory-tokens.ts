import { z } from "zod";
import type { DirectoryUserId, TokenId } from "../db/id.ts";
import { SCOPES } from "../identity/scopes.ts";
import { giveToken } from "../identity/token-rights.ts";
import { listTokens } from "../identity/tokens.ts";
import { refuseUnlessPushed } from "./directories.ts";
import { directoryFor, oneDirectory } from "./directory-of.ts";
import { afterOf, idIn, idOut, instant, instantIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { route } from "./route.ts";

const scope = z.enum(SCOPES);

/** `user` is the user name of the person whose token it is, null where it is the identity provider's. */
const tokenAnswer = z
  .object({
    id: idOut,
    name: z.string().nullable(),
    scopes: z.array(scope).readonly().nullable(),
    user: z.string().nullable(),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
  })
  .meta({ id: "DirectoryToken" });

/** `/directories/{directory}/tokens`: by which an identity provider pushes. They end as all tokens do, at `/tokens/{id}/revoke`. */
export const directoryTokenRoutes = [
  route({
    id: "directories.tokens",
    method: "GET",
    path: "/directories/{directory}/tokens",
    summary: "List a directory's live tokens, never their texts",
    guard: { permission: "tokens:read" },
    params: oneDirectory,
    query: listQuery,
    answer: listOf(tokenAnswer),
    read: async (db, { params, query }) => {
      const { id } = await directoryFor(db, params.directory);
      const found = await listTokens(db, id, { after: afterOf<TokenId>(query), limit: query.limit + 1 });
      const { data, page } = pageOf(found, query.limit, (token) => token.id);
      return {
        data: data.map(({ directory: _, product: __, subject, ...token }) => ({ ...token, user: subject })),
        page,
      };
    },
  }),
  route({
    id: "directories.createToken",
    method: "POST",
    path: "/directories/{directory}/tokens",
    summary: "Make a token for a scim directory; its text is shown this once",
    guard: { permission: "tokens:write" },
    dangerous: true,
    params: oneDirectory,
    body: z.strictObject({
      name: text(256).optional(),
      /** Left out: all but the person's own. */
      scopes: z.array(scope).min(1).max(SCOPES.length).optional(),
      /** The directory's own record of the person whose token it is. */
      user: idIn<DirectoryUserId>().optional(),
      expiresAt: instantIn.nullable().optional(),
    }),
    answer: z.object({ id: idOut, token: z.string(), expiresAt: instant.nullable() }).meta({ id: "NewDirectoryToken" }),
    status: 201,
    location: (token) => `/tokens/${token.id}`,
    lock: "none",
    write: async (tx, { caller, params, body: { name, scopes, user, expiresAt } }) => {
      const directory = await directoryFor(tx, params.directory);
      refuseUnlessPushed(directory);
      const wanted = scopes && SCOPES.filter((each) => scopes.includes(each));
      return giveToken(tx, caller, {
        name,
        expires: expiresAt,
        directory: directory.id,
        facts: { ...(wanted && { scopes: wanted }), ...(user !== undefined && { subject: user }) },
      });
    },
  }),
];
