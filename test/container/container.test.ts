import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ENVIRONMENT, loadConfig } from "../../src/config.ts";
import { root, wordsOf } from "./dockerfile.ts";

const compose = z
  .strictObject({
    services: z.record(
      z.string(),
      z.strictObject({
        image: z.string().regex(/:.*\d/, "a version").optional(),
        build: z.string().optional(),
        environment: z.record(z.string(), z.string()).default({}),
        ports: z.array(z.string().startsWith("127.0.0.1:", "for this machine alone")).default([]),
        volumes: z.array(z.string()).default([]),
        depends_on: z.record(z.string(), z.unknown()).default({}),
        healthcheck: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(readFileSync(join(root, "docker-compose.yml"), "utf8")));

test("docker-compose.yml has PostgreSQL, Muster, an LDAP server and a mail catcher, and every reference in it leads somewhere", () => {
  const { services, volumes } = compose;
  expect(Object.keys(services).sort()).toEqual(["database", "directory", "mail", "muster"]);
  for (const [name, service] of Object.entries(services)) {
    expect([name, service.image === undefined]).toEqual([name, service.build !== undefined]);
    for (const volume of service.volumes) expect(Object.keys(volumes)).toContain(volume.split(":")[0]);
    for (const needed of Object.keys(service.depends_on)) expect(services[needed]?.healthcheck).toBeDefined();
  }
});

test("every variable that they set is one of Muster's, with a value that it takes", () => {
  const { environment } = compose.services.muster ?? { environment: {} };
  const image = Object.fromEntries(
    wordsOf("ENV")
      .flat()
      .map((pair) => pair.split(/=(.*)/).slice(0, 2)),
  );
  const { NODE_ENV, ...ours } = { ...image, ...environment } as Record<string, string>;
  expect(NODE_ENV).toBe("production");
  expect(Object.keys(ENVIRONMENT)).toEqual(expect.arrayContaining(Object.keys(ours)));
  const config = loadConfig(ours);
  const hosts = [config.database.url, config.mail.smtpUrl].map((url) => new URL(url ?? "").hostname);
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(hosts));
  expect(config.listen.split(":")[1]).toBe(wordsOf("EXPOSE")[0]?.[0]);
  expect(compose.services.muster?.volumes[0]?.split(":")[1]).toBe(wordsOf("VOLUME")[0]?.[0]);
});
