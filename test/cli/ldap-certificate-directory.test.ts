import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { resolveDirectory } from "../../src/identity/directories.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const folder = ctx.config.dataDirectory;
const { answer, failure } = commands({ ...ctx.database.environment, MUSTER_DATA_DIR: folder });

const [certificate, key] = [join(folder, "reader.crt"), join(folder, "reader.key")];
const BASE = ["--base", "dc=example,dc=com"];
const URLS = ["--url", "ldaps://one.example.com", "--url", "ldaps://two.example.com"];
const CERTIFICATE = ["--client-certificate-file", certificate, "--client-key-file", key];
const settings = {
  url: ["ldaps://one.example.com", "ldaps://two.example.com"],
  base: "dc=example,dc=com",
  clientCertificateFile: certificate,
  clientKeyFile: key,
};

async function stored(name: string, organizationKey: string) {
  const { id } = await resolveOrganization(ctx.db, organizationKey);
  return resolveDirectory(ctx.db.of(id), name);
}

it("an LDAP directory whose reader shows a certificate is added with the places of its files, and with no secret", async () => {
  await answer("org", "create", "acme");
  const add = ["directory", "add"];
  await answer(...add, "corp", "--kind", "ldap", ...URLS, ...BASE, ...CERTIFICATE);
  expect(await stored("corp", "acme")).toMatchObject({ settings, hasSecret: false, syncEvery: 3_600 });
  const wrong = (...more: string[]) => failure(...add, "x", "--kind", "ldap", ...BASE, ...more);
  expect(await wrong(...URLS)).toMatchObject({ exit: 2, at: "--bind-dn" });
  expect(await wrong(...URLS, ...CERTIFICATE.slice(0, 2))).toMatchObject({ exit: 2, at: "--client-key-file" });
  expect(await wrong(...URLS, ...CERTIFICATE, "--bind-dn", "cn=r,dc=x")).toMatchObject({
    ...{ exit: 2, at: "--bind-password-file" },
  });
  expect(await wrong("--url", "ldap://one.example.com", ...CERTIFICATE)).toMatchObject({ exit: 6, at: "--url" });
});

it("in a file for apply the files stand beside it", async () => {
  const path = join(folder, "apply.yaml");
  const written = (more: object) => {
    const directory = { name: "corp", kind: "ldap", url: settings.url, base: settings.base, ...more };
    writeFileSync(path, stringify({ organizations: [{ key: "other", directories: [directory] }] }));
  };
  written({ clientCertificateFile: "reader.crt", clientKeyFile: "./reader.key" });
  expect(await answer("apply", "-f", path)).toMatchObject({ created: 2, updated: 0 });
  expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 0 });
  expect(await stored("corp", "other")).toMatchObject({ settings, hasSecret: false });
  for (const [more, key] of [
    [{ bindDn: "cn=r,dc=x" }, "bindPasswordFile"],
    [{ clientCertificateFile: "reader.crt" }, "clientKeyFile"],
    [{}, "bindDn"],
  ] as const) {
    written(more);
    const refused = await failure("apply", "-f", path);
    expect(refused).toMatchObject({ exit: 6, code: "invalid" });
    expect(refused.message).toContain(`corp.${key}: `);
  }
});
