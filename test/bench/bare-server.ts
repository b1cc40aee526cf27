import { createHash, randomUUID } from "node:crypto";
import express, { type Request, type Response } from "express";
import pg from "pg";

/**
 * What Muster is measured against: Express and pg, one named prepared statement a request, each committed by itself;
 * the token is looked up by its hash in the same statement. No rules, no audit, no access, no errors but 404.
 */
const { BARE_DATABASE_URL, BARE_PORT, BARE_PATH = "", BARE_POOL_SIZE } = process.env;
const pool = new pg.Pool({ connectionString: BARE_DATABASE_URL, max: Number(BARE_POOL_SIZE) });
const location = `http://127.0.0.1:${BARE_PORT}${BARE_PATH}`;

async function one(
  request: Request,
  name: string,
  text: string,
  values: unknown[],
): Promise<{ resource: object } | undefined> {
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  const hash = createHash("sha256").update(token).digest();
  return (await pool.query({ name, text, values: [hash, ...values] })).rows[0];
}

function answer(response: Response, status: number, resource: object | undefined): void {
  if (resource) response.status(status).type("application/scim+json").send(JSON.stringify(resource));
  else response.status(404).end();
}

const INSERT = `insert into bare.users (id, directory, user_name_key, resource)
  select $2, t.directory, $3, $4 from bare.tokens t where t.hash = $1 returning resource`;
const GET = `select u.resource from bare.tokens t join bare.users u on u.directory = t.directory
  where t.hash = $1 and u.id = $2`;
const FILTER = `select u.resource from bare.tokens t join bare.users u on u.directory = t.directory
  where t.hash = $1 and u.user_name_key = $2`;
const PATCH = `update bare.users u set resource = jsonb_set(u.resource, array[$3::text], to_jsonb($4::text))
  from bare.tokens t where t.hash = $1 and u.directory = t.directory and u.id = $2 returning u.resource`;
const ADD_MEMBER = `insert into bare.members (group_id, member) select $2, $3 from bare.tokens t where t.hash = $1
  on conflict do nothing returning '{}'::jsonb as resource`;

const scim = express.Router();
scim.post("/Users", async (request, response) => {
  const { password: _, ...user } = request.body;
  const id = randomUUID();
  const now = new Date().toISOString();
  const meta = {
    resourceType: "User",
    created: now,
    lastModified: now,
    version: 'W/"1"',
    location: `${location}/Users/${id}`,
  };
  const row = await one(request, "insert", INSERT, [id, user.userName.toLowerCase(), { ...user, id, meta }]);
  answer(response, 201, row?.resource);
});
scim.get("/Users/:id", async (request, response) => {
  answer(response, 200, (await one(request, "get", GET, [request.params.id]))?.resource);
});
scim.get("/Users", async (request, response) => {
  const userName = /^userName eq "([^"]*)"$/.exec(String(request.query.filter))?.[1] ?? "";
  const row = await one(request, "filter", FILTER, [userName.toLowerCase()]);
  const schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"];
  answer(response, 200, row && { schemas, totalResults: 1, startIndex: 1, itemsPerPage: 1, Resources: [row.resource] });
});
scim.patch("/Users/:id", async (request, response) => {
  const { path, value } = request.body.Operations[0];
  answer(response, 200, (await one(request, "patch", PATCH, [request.params.id, path, value]))?.resource);
});
scim.patch("/Groups/:id", async (request, response) => {
  const member = request.body.Operations[0].value[0].value;
  const row = await one(request, "add-member", ADD_MEMBER, [request.params.id, member]);
  response.status(row ? 204 : 404).end();
});

const app = express().disable("etag").disable("x-powered-by");
app.get("/readyz", (_, response) => {
  response.end();
});
app.use(BARE_PATH, express.json({ type: "application/scim+json" }), scim);
app.listen(Number(BARE_PORT), "127.0.0.1");
