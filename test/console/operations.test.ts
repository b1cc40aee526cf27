import { join } from "node:path";
import { expect, test } from "vitest";
import { openApiDocument } from "../../src/admin/openapi/document.ts";
import { routes } from "../../src/admin/routes.ts";
import { operationsOf } from "./operations.ts";

const FILE = join(import.meta.dirname, "..", "..", "src", "console", "browser", "api", "operations.gen.ts");

test("the console knows the API as it is (this test with --update writes its types)", async () => {
  await expect(await operationsOf(openApiDocument(routes, "/api/v1"))).toMatchFileSnapshot(FILE);
});
