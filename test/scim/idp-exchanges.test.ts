import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import type { Profile } from "../../src/identity/profiles.ts";
import { listRequests } from "../../src/identity/request-log.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { flushRequestLog } from "../../src/scim/request-log.ts";
import { type ExchangeFile, exchangeFolders, type Outcome, readExchangeFiles, replay } from "../harness/replay.ts";
import { scimServer, system } from "./endpoint.ts";

const server = await scimServer();

describe.each(exchangeFolders().map((folder) => ({ vendor: basename(folder), folder })))("$vendor", ({ folder }) => {
  const files = [...readExchangeFiles(folder)].flatMap(([name, file]) =>
    profilesOf(file).map((profile) => [name, profile, file] as const),
  );

  test.each(files)("%s: every answer to it under the profile %s is as expected", async (_, profile, file) => {
    const { organization, directory, ...target } = await endpoint(profile);
    const outcomes = await replay(file, target);
    await flushRequestLog(server.ctx);
    const logged = await listRequests(server.ctx.db.of(organization), directory, { limit: outcomes.length + 1 });
    const warnings = new Map(logged.map((row) => [row.requestId, row.warnings.map(({ name }) => name)]));
    const wrong = outcomes.map((outcome) => [outcome.exchange.name, problemsOf(outcome, warnings)] as const);
    expect(wrong.filter(([, problems]) => problems.length > 0)).toEqual([]);
  });
});

/** What a provider's own profile lets pass, generic does too, unless the file says why not. */
function profilesOf({ source: { profile, alone } }: ExchangeFile): Profile[] {
  return profile === "generic" || alone !== undefined ? [profile] : [profile, "generic"];
}

/** Those of the answer, and those of the warnings that the request log holds, or not, for the request. */
function problemsOf(
  { exchange, requestId, problems }: Outcome,
  logged: ReadonlyMap<string | null, string[]>,
): string[] {
  const found = logged.get(requestId) ?? [];
  const wanted: readonly string[] = exchange.expect.warnings ?? [];
  return [
    ...problems,
    ...wanted.filter((name) => !found.includes(name)).map((name) => `no warning ${name}`),
    ...found.filter((name) => !wanted.includes(name)).map((name) => `an unexpected warning ${name}`),
  ];
}

async function endpoint(profile: Profile) {
  const organization = await server.organization();
  return inTransaction(server.ctx, system(organization), async (tx) => {
    const { id } = await addDirectory(tx, { name: profile, kind: "scim", profile });
    const { token } = await createToken(tx, { directory: id });
    return { organization, directory: id, baseUrl: `${server.origin}/scim/v2/${id}`, token };
  });
}
