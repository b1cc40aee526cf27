import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({ ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory });
const path = join(ctx.config.dataDirectory, "company.yaml");
const demo = parse(readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8"));
writeFileSync(join(ctx.config.dataDirectory, "company-password"), "swordfish\n");

/** The demo's organization with changes, applied. */
function written(change: (organization: (typeof demo)["organizations"][0]) => void): void {
  const copy = structuredClone(demo);
  change(copy.organizations[0]);
  writeFileSync(path, stringify(copy));
}

/** Every row of every table, in one order. */
async function everything(): Promise<Record<string, string>> {
  const { superuserUrl } = ctx.database;
  const tables = await statements<{ name: string }>(superuserUrl, [
    "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('muster', 'graphile_worker', '_private_graphile_worker') or schemaname like 'graphile%' order by 1",
  ]);
  const held: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await statements<{ rows: string }>(superuserUrl, [
      `select coalesce(string_agg(t::text, E'\\n' order by t::text), '') as rows from ${name} t`,
    ]);
    held[name] = row?.rows ?? "";
  }
  return held;
}

describe("muster apply", () => {
  it("says what it would do and changes no row of any table", async () => {
    written(() => {});
    const before = await everything();
    expect(Object.keys(before).length).toBeGreaterThan(20);
    const would = await answer("apply", "-f", path, "--dry-run");
    expect(would).toEqual({ created: 19, updated: 0, unchanged: 0, removed: 0 });
    expect(await everything()).toEqual(before);
  });

  it("does exactly that, and the second time nothing at all", async () => {
    expect(await answer("apply", "-f", path)).toEqual({ created: 19, updated: 0, unchanged: 0, removed: 0 });
    const before = await everything();
    expect(await answer("apply", "-f", path)).toEqual({ created: 0, updated: 0, unchanged: 19, removed: 0 });
    expect(await everything()).toEqual(before);
    expect(await answer("directory", "list")).toMatchObject([
      { name: "okta", position: 1 },
      { name: "entra", position: 2, domainPolicy: true },
      { name: "company", position: 3, firstRun: "apply", syncEvery: 3600 },
      { name: "internal", position: 4 },
    ]);
    expect(JSON.stringify(before)).not.toContain("swordfish");
    expect(JSON.stringify(before)).not.toContain(Buffer.from("swordfish").toString("hex"));
  });

  it("takes a directory to another server, for its file holds the secret", async () => {
    written((organization) => {
      organization.directories[2].url = "ldap://127.0.0.1:3891";
    });
    expect(await answer("apply", "-f", path)).toEqual({ created: 0, updated: 1, unchanged: 18, removed: 0 });
    written((organization) => {
      organization.directories[2].url = "ldap://127.0.0.1:3892";
      delete organization.directories[2].bindPasswordFile;
    });
    const refused = await failure("apply", "-f", path);
    expect(refused).toMatchObject({ exit: 6, message: expect.stringContaining("company.bindPasswordFile: ") });
    written(() => {});
    expect(await answer("apply", "-f", path)).toEqual({ created: 0, updated: 1, unchanged: 18, removed: 0 });
  });

  it("changes what the file says otherwise, and a dry run over what stands changes nothing", async () => {
    written((organization) => {
      organization.membershipMode = "masking";
      organization.signUpDomains = ["*.example.com"];
      organization.sites[0].products[1].seats = 10;
      organization.directories[1].domainPolicy = false;
      organization.directories.unshift({ name: "internal", kind: "internal" });
      organization.grants[0].role = "admin";
      organization.grants[1].role = "none";
      organization.groups = [{ name: "editors" }];
      organization.administrators = ["ada@example.com"];
    });
    const expected = { created: 3, updated: 5, unchanged: 14, removed: 2 };
    const before = await everything();
    expect(await answer("apply", "-f", path, "--dry-run")).toEqual(expected);
    expect(await everything()).toEqual(before);
    expect(await answer("apply", "-f", path)).toEqual(expected);
    expect(await answer<{ name: string }[]>("directory", "list")).toMatchObject([{ name: "internal" }, {}, {}, {}]);
    expect(await answer("apply", "-f", path)).toEqual({ created: 0, updated: 0, unchanged: 22, removed: 0 });
  });

  it("is all or nothing for an organization", async () => {
    written((organization) => {
      organization.sites[0].products.push({ key: "extra" });
      organization.grants.push({ group: "okta/Engineering", product: "nope", role: "user" });
    });
    const before = await everything();
    expect(await failure("apply", "-f", path)).toMatchObject({ exit: 3, code: "not-found" });
    expect(await everything()).toEqual(before);
  });

  it("refuses an LDAP setting that the connector does not know, with its place in the file", async () => {
    written((organization) => {
      organization.directories[2].bindPassword = "swordfish";
    });
    const refused = await failure("apply", "-f", path);
    expect(refused).toMatchObject({ exit: 6, code: "invalid", message: expect.stringContaining("bindPassword") });
    const line =
      readFileSync(path, "utf8")
        .split("\n")
        .findIndex((text) => text.includes("bindPassword:")) + 1;
    expect(refused.at).toMatch(new RegExp(`company\\.yaml:${line}:\\d+$`));
    expect(JSON.stringify(refused)).not.toContain("swordfish");
  });

  it("tells a person line by line what it did", async () => {
    written((organization) => {
      organization.signUpDomains = ["example.org"];
    });
    const { code, out } = await words("apply", "-f", path, "--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("+ sign-up domain example.org\n");
    expect(out.trimEnd().split("\n").at(-1)).toMatch(
      /^would be: \d+ created, \d+ updated, \d+ unchanged, \d+ removed$/,
    );
  });
});
