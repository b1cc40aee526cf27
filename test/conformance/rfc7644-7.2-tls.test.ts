import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { connect, type SecureVersion } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "../../src/http/server.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";
import { NOBODY } from "./client.ts";

const TLS = join(import.meta.dirname, "..", "fixtures", "tls");
const files = { certFile: join(TLS, "localhost.crt"), keyFile: join(TLS, "localhost.key") };
const ctx = await testContext({ config: { listen: "127.0.0.1:0", tls: files } });
const ca = readFileSync(files.certFile);
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  server = await serve(ctx, doors);
});
afterAll(() => server.drain());

/** The version that both sides agree on; fails where they do not. */
function handshake(version: SecureVersion): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const options = {
      port: server.port,
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      ciphers: "DEFAULT@SECLEVEL=0",
    };
    const socket = connect({ ...options, minVersion: version, maxVersion: version }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("RFC 7644 §7.2: TLS", () => {
  test.each<SecureVersion>(["TLSv1.2", "TLSv1.3"])("RFC 7644 §7.2: %s is spoken", async (version) => {
    expect(await handshake(version)).toBe(version);
  });

  test.each<SecureVersion>(["TLSv1", "TLSv1.1"])("RFC 7644 §7.2: %s is not", async (version) => {
    await expect(handshake(version)).rejects.toThrow();
  });

  test("RFC 7644 §7.2: the endpoint answers there, and asks for a token", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = {
        port: server.port,
        host: "127.0.0.1",
        servername: "localhost",
        ca,
        path: `/scim/v2/${NOBODY}/Users`,
      };
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(401);
  });

  test("RFC 7644 §7.2: plain HTTP is not spoken on that port", async () => {
    await expect(fetch(`http://127.0.0.1:${server.port}/livez`)).rejects.toThrow();
  });
});
