import { readFile } from "node:fs/promises";
import { ConnectorError } from "../connector.ts";
import type { Reader, Target } from "./channel.ts";
import { isPem, type LdapSettings, parseLdapUrl, urlsOf } from "./settings.ts";

/** Where to read and as whom: everything that a connection needs, files read. */
export type Place = { targets: readonly Target[]; reader: Reader };

/** As much as one message may hold, so that the largest group can be read alone in its page. */
const ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * Reads the files that settings name and puts settings and secret together.
 * @param secret the password of `bindDn`, or without one the key of the client certificate.
 * @throws ConnectorError `configuration` naming the file that cannot be read or does not hold what it should.
 */
export async function placeOf(settings: LdapSettings, secret: string | null): Promise<Place> {
  const { bindDn, caFile, clientCertificateFile, clientKeyFile } = settings;
  const ca = settings.ca ?? (caFile === undefined ? null : await certificates("caFile", caFile));
  const certificate =
    settings.clientCertificate ??
    (clientCertificateFile === undefined ? null : await certificates("clientCertificateFile", clientCertificateFile));
  // Beside bindDn the secret is its password, so the key stands in a file.
  const kept = bindDn === undefined ? secret : null;
  const key = clientKeyFile === undefined ? kept : await content("clientKeyFile", clientKeyFile);
  const client = certificate === null ? null : { certificate, key: key ?? "" };
  return {
    targets: urlsOf(settings).flatMap((text) => {
      const url = parseLdapUrl(text);
      if (url === null) return [];
      return {
        host: url.host,
        port: url.port,
        encryption: url.secure ? "tls" : settings.startTls ? "start-tls" : "none",
        ca,
        client,
        serverName: settings.serverName ?? null,
        connectSeconds: settings.connectSeconds,
        answerSeconds: settings.pageSeconds,
        answerBytes: ANSWER_BYTES,
      } satisfies Target;
    }),
    reader: bindDn === undefined ? { by: "certificate" } : { by: "password", name: bindDn, password: secret ?? "" },
  };
}

/** Whether the secret that these settings need is there; else what is missing, in words. */
export function missingSecret(settings: LdapSettings, secret: string | null): string | undefined {
  if (secret !== null && secret !== "") return undefined;
  if (settings.bindDn !== undefined) return "the password of bindDn is missing, and Muster does not read anonymously";
  return settings.clientKeyFile === undefined ? "the key of the client certificate is missing" : undefined;
}

async function certificates(setting: string, path: string): Promise<string> {
  const text = await content(setting, path);
  if (isPem(text)) return text;
  throw new ConnectorError("configuration", `LDAP settings: ${setting}: ${path} holds no certificate in PEM form`);
}

async function content(setting: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ConnectorError("configuration", `LDAP settings: ${setting}: ${path} cannot be read${code}`, {
      cause: error,
    });
  });
}
