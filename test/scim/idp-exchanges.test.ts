import { describe, expect, test } from "vitest";
import { readExchangeFiles, replay } from "../harness/replay.ts";
import { scimServer } from "./endpoint.ts";

const server = await scimServer();

describe.each(["okta", "entra"])("%s", (vendor) => {
  const files = [...readExchangeFiles(`${import.meta.dirname}/../fixtures/idp/${vendor}`)];

  test.each(files)("%s: every answer is as the vendor expects it", async (_, file) => {
    const endpoint = await server.directory(await server.organization());
    const outcomes = await replay(file, endpoint);
    const wrong = outcomes.filter((outcome) => outcome.problems.length > 0);
    expect(wrong.map((outcome) => [outcome.exchange.name, outcome.problems])).toEqual([]);
  });
});
