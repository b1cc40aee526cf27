import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Secret, TOTP } from "otpauth";
import { afterAll } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import type { Config } from "../../src/config.ts";
import { type AccountId, newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { apiFetch } from "../harness/api.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";

export const PASSWORD = "a lake between two hills";

type Answer = { status: number; body: Record<string, unknown>; headers: Headers; text: string };

/** A server of the administration API on a database of its own, and browsers that come to it. */
export async function signInWorld(settings: Partial<Config> = {}) {
  const { logger, lines } = listeningLogger();
  const ctx = await testContext({ config: { trustedProxies: ["loopback"], ...settings }, logger });
  const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ctx.config.publicUrl = url;
  let networks = 0;

  /** A browser at an address of its own, with the cookies that it was given. */
  class Browser {
    cookies = new Map<string, string>();
    csrf = "";
    address = `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks++ & 255}`;

    async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
      const target = path.startsWith("http") ? path : `${url}/api/v1${path}`;
      const send = target.startsWith(`${url}/api/v1/`) ? apiFetch : fetch;
      const response = await send(target, {
        method,
        redirect: "manual",
        headers: {
          "x-forwarded-for": this.address,
          ...(method !== "GET" && { origin: url, "x-csrf-token": this.csrf }),
          ...(this.cookies.size > 0 && {
            cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
          }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      for (const set of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (value === "") this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      const text = await response.text();
      const isJson = /json/.test(response.headers.get("content-type") ?? "");
      const parsed = isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : {};
      if (typeof parsed.csrfToken === "string") this.csrf = parsed.csrfToken;
      return { status: response.status, body: parsed, headers: response.headers, text };
    }

    signIn(userName: string, proof: Record<string, string> = {}): Promise<Answer> {
      return this.ask("POST", "/session", { userName, password: PASSWORD, ...proof });
    }
  }

  const write = <T>(organization: OrganizationId, work: (tx: Tx) => Promise<T>): Promise<T> =>
    inTransaction(ctx, { organization, kind: "system", id: null, requestId: null }, work, { lock: "exclusive" });

  const organization = newId<OrganizationId>();
  await write(organization, (tx) => createOrganization(tx, { key: "acme" }));

  return {
    ctx,
    url,
    lines,
    organization,
    db: ctx.db.of(organization),
    write: <T>(work: (tx: Tx) => Promise<T>) => write(organization, work),
    browser: () => new Browser(),
    /** An administrator of `internal` with `PASSWORD`. */
    administrator: async (email: string): Promise<AccountId> => {
      const hash = await hashPassword(PASSWORD);
      return write(organization, async (tx) => {
        const { id } = await addAdministrator(tx, email);
        await setPassword(tx, id, hash);
        return id;
      });
    },
    /** Statements of somebody who may everything: to move the clock, and to look at what is kept. */
    asOwner: <Row extends object>(...texts: string[]) =>
      statements<Row & Record<string, unknown>>(ctx.database.superuserUrl, texts),
  };
}

/** The code that an authenticator shows, `steps` from now. */
export function codeOf(secret: string, steps = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
}

/** A code that is none of now, nor of a while before and after. */
export function wrongCode(secret: string, turn = 0): string {
  const right = codesAround(secret);
  for (let number = turn * 7919; ; number++) {
    const code = String(number % 1_000_000).padStart(6, "0");
    if (!right.includes(code)) return code;
  }
}

/** A code of another's secret that is none of this one. */
export function codeOfAnother(secret: string, other: string): string {
  const right = codesAround(secret);
  return [0, 1, -1].map((steps) => codeOf(other, steps)).find((code) => !right.includes(code)) ?? "";
}

/** The codes of ten minutes before and after. */
function codesAround(secret: string): string[] {
  return Array.from({ length: 41 }, (_, step) => codeOf(secret, step - 20));
}
