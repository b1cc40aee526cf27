import pg from "pg"; import { readFileSync } from "node:fs";
const lab = JSON.parse(readFileSync("/tmp/muster/lab2.json","utf8"));
const c = new pg.Client({ connectionString: lab.superuser.replace("/postgres?","/muster?"), options: "-c search_path=muster,pg_temp -c role=muster_owner" }); await c.connect();
for (const q of readFileSync(process.argv[2],"utf8").split(/\n--;\n/)) { const r = await c.query(q.replaceAll(":org",`'${lab.organization}'::uuid`).replaceAll(":one",`'${lab.some[0]}'::uuid`).replaceAll(":prod",`'${lab.previewed}'::uuid`)); if (r.rows) for (const row of r.rows) console.log(Object.values(row).join(" | ")); }
await c.end();
