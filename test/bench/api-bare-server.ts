import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";
import pg from "pg";
import type { BareCase } from "./api.ts";

/**
 * What the lists of Muster's API are measured against: for each case one route that runs one named prepared statement, which looks the
 * token up by its hash, without row-level security, and answers the bytes that Muster answers, made into JSON anew.
 */
const { BARE_DATABASE_URL, BARE_PORT, BARE_CASES = "" } = process.env;
const pool = new pg.Pool({ connectionString: BARE_DATABASE_URL, max: 4, options: "-c search_path=muster" });
const cases = JSON.parse(readFileSync(BARE_CASES, "utf8")) as BareCase[];

const app = express().disable("etag").disable("x-powered-by");
app.get("/readyz", (_, response) => response.end());
app.get("/cases/:place", async (request, response) => {
  const place = Number(request.params.place);
  const asked = cases[place];
  if (asked === undefined) return void response.status(404).end();
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  const values = [createHash("sha256").update(token).digest()];
  const { rows } = await pool.query<{ key: unknown }>({ name: `case-${place}`, text: asked.text, values });
  if (request.query.keys === undefined) response.type("json").send(JSON.stringify(asked.body));
  else response.json(rows.map(({ key }) => key));
});
app.listen(Number(BARE_PORT), "127.0.0.1");
