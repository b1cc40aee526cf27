import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
// @ts-expect-error it comes without types
import Provider from "oidc-provider";

/** Who signs in at the provider next. */
export type Person = { sub: string; [claim: string]: unknown };

export type OidcProvider = {
  issuer: string;
  next: Person;
  /** Requests to the token endpoint. */
  redeemed: number;
  /** Plays the person's browser from a URL of the provider on, until it is sent back; answers where to. */
  visit(url: string): Promise<string>;
  stop(): Promise<void>;
};

/** A real OpenID provider on a port of the loopback. @param back the address to which every client may send people back. */
export async function startOidcProvider(options: {
  clients: readonly { id: string; secret: string }[];
  back: string;
  /** Whether claims stand in the ID token, or are told by the userinfo endpoint alone. */
  claimsInIdToken?: boolean;
}): Promise<OidcProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, Person>();
  const provider = new Provider(issuer, {
    clients: options.clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      redirect_uris: [options.back],
    })),
    claims: { openid: ["sub"], email: ["email", "email_verified", "xms_edov"] },
    conformIdTokenClaims: options.claimsInIdToken !== true,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx: unknown, sub: string) => ({ accountId: sub, claims: () => people.get(sub) }),
    jwks: { keys: [newKey()] },
    cookies: { keys: ["a key of this test alone"] },
    ttl: { AuthorizationCode: 60, AccessToken: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
  });
  provider.on("server_error", (_ctx: unknown, error: Error) => console.error(error));
  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (request.url === "/token") running.redeemed++;
    if (!request.url?.startsWith("/interaction/")) {
      answer(request, response);
      return;
    }
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === "login") {
      people.set(running.next.sub, running.next);
      await provider.interactionFinished(request, response, { login: { accountId: running.next.sub } });
      return;
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope("openid email");
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  });

  const running: OidcProvider = {
    issuer,
    next: { sub: "nobody" },
    redeemed: 0,
    visit: async (from) => {
      const cookies = new Map<string, string>();
      let url = from;
      while (url.startsWith(issuer)) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const reply = await fetch(url, { redirect: "manual", headers: { cookie } });
        for (const set of reply.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
          if (value === "") cookies.delete(name);
          else cookies.set(name, value);
        }
        const to = reply.headers.get("location");
        if (to === null) throw new Error(`the provider answered ${reply.status}: ${await reply.text()}`);
        url = new URL(to, url).href;
      }
      return url;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return running;
}

function newKey(): object {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "of-this-test" };
}
