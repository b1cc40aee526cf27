import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readApplyFile } from "../../src/cli/apply/read.ts";
import { configSchema, ENVIRONMENT, loadConfig } from "../../src/config.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "muster-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = readFileSync(join(root, "config/example.yaml"), "utf8");
/** Settings without a default stand there commented out, as `# key: value`. */
const whole = text.replaceAll(/^( *)# ( *[a-zA-Z]+:( |$))/gm, "$1$2");

describe("config/example.yaml", () => {
  it("holds exactly the defaults where it is not commented out", () => {
    const path = join(folder, "example.yaml");
    writeFileSync(path, text);
    expect(loadConfig({ MUSTER_CONFIG: path })).toEqual(loadConfig({}));
    // Every default is written down, not only left to be the default.
    expect(leaves(parse(text))).toEqual(leaves(configSchema.parse({})).filter((path) => path !== "tls"));
  });

  it("names every setting there is, and no other", () => {
    expect(() => configSchema.parse(parse(whole))).not.toThrow();
    expect(leaves(parse(whole))).toEqual(schemaLeaves(z.toJSONSchema(configSchema, { io: "input" })));
  });

  it("names the variable of every setting that has one", () => {
    for (const variable of Object.keys(ENVIRONMENT)) expect(text).toContain(`${variable}`);
  });
});

describe("config/demo.yaml", () => {
  it("is of the form that apply reads, with both SCIM directories, an LDAP directory and grants", () => {
    const [organization] = readApplyFile(join(root, "config/demo.yaml")).file.organizations;
    expect(organization?.directories.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "okta scim",
      "entra scim",
      "company ldap",
    ]);
    expect(new Set(organization?.grants.map((grant) => grant.role))).toEqual(new Set(["user", "guest", "admin"]));
  });
});

function leaves(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value)
    .flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`))
    .sort();
}

function schemaLeaves(schema: unknown, path = ""): string[] {
  const properties = (schema as { properties?: Record<string, unknown> }).properties;
  if (!properties) return [path];
  return Object.entries(properties)
    .flatMap(([key, inner]) => schemaLeaves(inner, path === "" ? key : `${path}.${key}`))
    .sort();
}
