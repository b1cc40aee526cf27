import pg from "pg"; import { readFileSync } from "node:fs";
const lab = JSON.parse(readFileSync("/tmp/muster/lab2.json","utf8"));
const c = new pg.Client({ connectionString: lab.app, options: "-c search_path=muster,pg_temp" }); await c.connect();
await c.query("select set_config('muster.organization',$1,false)",[lab.organization]);
const N = Number(process.argv[2] ?? 1500);
const tests = JSON.parse(readFileSync(process.argv[3] ?? "/tmp/muster/variants.json","utf8"));
const run = async (name, text, valuesOf) => { for (let i=0;i<20;i++) await c.query({name,text,values:valuesOf(i)}); let best=1e9; for (let b=0;b<N/20;b++){ const t=performance.now(); for (let i=0;i<20;i++) await c.query({name,text,values:valuesOf(i)}); best=Math.min(best,(performance.now()-t)/20*1000);} return best; };
const id = (i)=>lab.some[i%lab.some.length];
for (let round=0; round<1; round++) {
 const bare = await run("bare","select id, user_name, email, display_name, canonical from accounts where organization = $1 and id = $2",(i)=>[lab.organization,id(i)]);
 console.log("bare", bare.toFixed(1));
 for (const [name,text,kind] of tests) { const v = kind==="p" ? ()=>[lab.organization,[lab.previewed]] : kind==="e" ? (i)=>[lab.organization,[id(i)],null,null,0] : kind==="1" ? (i)=>[lab.organization,id(i)] : (i)=>[lab.organization,[id(i)]];
  const us = await run(name+"_",text,v); console.log(name.padEnd(28), us.toFixed(1), (us/bare).toFixed(2)); }
}
await c.end();
