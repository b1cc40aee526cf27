import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { ConnectorError } from "../connector.ts";
import type { Target } from "./channel.ts";

/**
 * The authorities that are trusted and what the reader shows of itself.
 * @throws ConnectorError `configuration` when certificate and key of the reader do not fit; says nothing of the key.
 */
export function secureContext({ ca, client }: Pick<Target, "ca" | "client">): SecureContext {
  const trust = { minVersion: "TLSv1.2", ...(ca === null ? {} : { ca }) } as const;
  if (client === null) return createSecureContext(trust);
  try {
    return createSecureContext({ ...trust, cert: client.certificate, key: client.key });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // The words of OpenSSL are left out, and so is the cause: they are about a secret.
    throw new ConnectorError(
      "configuration",
      code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH"
        ? "LDAP settings: the key is not that of clientCertificate"
        : "LDAP settings: the key of clientCertificate cannot be used: it must be PEM without a passphrase",
    );
  }
}

/** Whose certificate it is, who signed it, which names it holds and until when it is good, for a person. */
export function certificateWords(der: Buffer | undefined): string {
  if (der === undefined) return "no certificate";
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return "a certificate that cannot be read";
  }
  const names = certificate.subjectAltName?.replaceAll(/(?:DNS|IP Address):/g, "");
  const words = [
    `a certificate of ${oneLine(certificate.subject)}`,
    certificate.subject === certificate.issuer ? "signed by itself" : `signed by ${oneLine(certificate.issuer)}`,
    ...(names === undefined ? ["naming no host"] : [`for ${names}`]),
    `good until ${certificate.validTo}`,
  ];
  return words
    .join(", ")
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .slice(0, 500);
}

function oneLine(name: string): string {
  return name.split("\n").join(", ") || "nobody";
}
