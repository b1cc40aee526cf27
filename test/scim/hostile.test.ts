import { connect } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { serve } from "../../src/http/server.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";

describe("what is hardly a request (RFC 7644 §3.12: every error has a body)", async () => {
  const ctx = await testContext();
  ctx.config.listen = "127.0.0.1:0";
  ctx.config.limits.requestTimeout = 1_500;
  const whole = await serve(ctx, doors);
  afterAll(() => whole.drain());
  // Nobody's directory: what is looked at here comes before any token.
  const path = "/scim/v2/01900000-0000-7000-8000-000000000000/Users";

  /** Everything that is answered until the connection ends. */
  function say(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = "";
      const socket = connect(whole.port, "127.0.0.1", () => socket.write(text));
      socket.setEncoding("utf8").on("data", (part: string) => {
        said += part;
      });
      socket.on("close", () => resolve(said)).on("error", reject);
    });
  }

  test.each([
    [431, `GET ${path} HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`],
    [431, `GET ${path}?filter=${"y".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [400, `GET ${path} HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n`],
    [400, `GET ${path} HTTP/9.9\r\nHost: x\r\n\r\n`],
    [400, `POST /SCIM/v2/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`],
    [400, `GET ${path} HTTP/1.1\r\n\r\n`],
  ])("%i of a request line below /scim has a SCIM body", async (status, text) => {
    const said = await say(text);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nX-Request-Id: [0-9a-f-]{36}\r\n`));
    expect(said).toContain("Content-Type: application/scim+json; charset=utf-8\r\n");
    expect(JSON.parse(said.slice(said.indexOf("\r\n\r\n")))).toEqual({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(status),
      detail: "the request cannot be read",
    });
  });

  test.each(["/api/v1/users", "/scimitar", "/", "/.well-known/x"])("%s has a problem document", async (elsewhere) => {
    const said = await say(`GET ${elsewhere} HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 431 [^]*\r\nContent-Type: application\/problem\+json\r\n/);
  });

  test("who waits for 100 is refused before the body, and told that the connection ends", async () => {
    const said = await say(`POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 401 [^]*\r\nConnection: close\r\n/);
  });

  test("an expectation that nobody knows is answered as if it were not there", async () => {
    const said = await say(`GET ${path} HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 401 [^]*"schemas"/);
  });

  test("a body whose reader wants it is told to come", async () => {
    const said = await new Promise<string>((resolve) => {
      let heard = "";
      const socket = connect(whole.port, "127.0.0.1", () =>
        socket.write(
          `POST /oauth/01900000-0000-7000-8000-000000000000/token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n` +
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n",
        ),
      );
      socket.setEncoding("utf8").on("data", (part: string) => {
        if (heard === "") socket.write("a=b");
        heard += part;
        if (/"error"/.test(heard)) socket.destroy();
      });
      socket.on("close", () => resolve(heard));
    });
    expect(said).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 [^]*invalid_client/);
    expect(said).not.toMatch(/\r\nConnection: close/);
  });
});
