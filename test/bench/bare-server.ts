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

type Row = { resource: object; total: number };

function rows(request: Request, name: string, text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  return pool.query<Row>({ name, text, values: [createHash("sha256").update(token).digest(), ...values] });
}

function answer(response: Response, status: number, resource: object | undefined): void {
  if (resource) response.status(status).type("application/scim+json").send(JSON.stringify(resource));
  else response.status(404).end();
}

const INSERT = `insert into bare.users (directory, id, user_name_key, resource)
  select t.directory, $2, $3, $4 from bare.tokens t where t.hash = $1 returning resource`;
const GET = `select u.resource from bare.tokens t join bare.users u on u.directory = t.directory
  where t.hash = $1 and u.id = $2`;
const FILTER = `select u.resource from bare.tokens t join bare.users u on u.directory = t.directory
  where t.hash = $1 and u.user_name_key = $2`;
const PAGE = `select u.resource, c.total from bare.tokens t
  cross join lateral (select count(*)::int as total from bare.users u where u.directory = t.directory) c
  cross join lateral (select resource from bare.users u where u.directory = t.directory
    order by u.id limit $3 offset $2) u where t.hash = $1`;
const PATCH = `update bare.users u set resource = jsonb_set(u.resource, array[$3::text], $4::jsonb)
  from bare.tokens t where t.hash = $1 and u.directory = t.directory and u.id = $2 returning u.resource`;
const ADD_MEMBERS = `insert into bare.members (group_id, member) select $2, m from bare.tokens t, unnest($3::uuid[]) m
  where t.hash = $1 on conflict do nothing`;

const scim = express.Router();
scim.post("/Users", async (request, response) => {
  const { password: _, ...user } = request.body;
  const now = new Date();
  // A UUIDv7, as Muster's ids are, so that rows lie alike on both sides.
  const clock = now.getTime().toString(16).padStart(12, "0").replace(/.{8}/, "$&-");
  const id = `${clock}-7${randomUUID().slice(15)}`;
  const times = { created: now.toISOString(), lastModified: now.toISOString() };
  const meta = { resourceType: "User", ...times, version: 'W/"1"', location: `${location}/Users/${id}` };
  const values = [id, user.userName.toLowerCase(), { ...user, id, meta }];
  const { rows: made } = await rows(request, "insert", INSERT, values);
  answer(response, 201, made[0]?.resource);
});
scim.get("/Users/:id", async (request, response) => {
  answer(response, 200, (await rows(request, "get", GET, [request.params.id])).rows[0]?.resource);
});
scim.get("/Users", async (request, response) => {
  const { filter, startIndex = 1, count = 100 } = request.query;
  const name = /^userName eq "([^"]*)"$/.exec(String(filter))?.[1]?.toLowerCase();
  const page = () => rows(request, "page", PAGE, [Number(startIndex) - 1, Number(count)]);
  const { rows: found } = await (filter ? rows(request, "filter", FILTER, [name]) : page());
  const Resources = found.map((row) => row.resource);
  const totals = { totalResults: found[0]?.total ?? found.length, startIndex: Number(startIndex) };
  const schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"];
  answer(response, 200, { schemas, ...totals, itemsPerPage: found.length, Resources });
});
scim.patch("/Users/:id", async (request, response) => {
  const { path, value } = request.body.Operations[0];
  const { rows: changed } = await rows(request, "patch", PATCH, [request.params.id, path, JSON.stringify(value)]);
  answer(response, 200, changed[0]?.resource);
});
scim.patch("/Groups/:id", async (request, response) => {
  const members = request.body.Operations[0].value.map((member: { value: string }) => member.value);
  await rows(request, "add-members", ADD_MEMBERS, [request.params.id, members]);
  response.status(204).end();
});

const app = express().disable("etag").disable("x-powered-by");
app.get("/readyz", (_, response) => response.end());
app.use(BARE_PATH, express.json({ type: "application/scim+json" }), scim);
app.listen(Number(BARE_PORT), "127.0.0.1");
