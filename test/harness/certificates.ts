/** Certificates of a test's own authority (X.509 v3, RFC 5280, P-256), made without any program on the machine. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

export type Authority = {
  /** The authority's own certificate, PEM. */
  ca: string;
  /** A certificate for these host names and IPv4 addresses, with its key, PEM. */
  issue(names: readonly string[]): { certificate: string; key: string; ca: string };
};

export function makeAuthority(name = "Muster test authority"): Authority {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ca = certificate({
    subject: name,
    issuer: name,
    publicKey: pair.publicKey,
    signer: pair.privateKey,
    names: null,
  });
  return {
    ca,
    issue(names) {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const subject = names[0] ?? "nobody";
      return {
        certificate: certificate({ subject, issuer: name, publicKey: own.publicKey, signer: pair.privateKey, names }),
        key: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        ca,
      };
    },
  };
}

/** `names` null makes a certificate that may sign others. */
function certificate(of: {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signer: KeyObject;
  names: readonly string[] | null;
}): string {
  const algorithm = der(0x30, ECDSA_WITH_SHA256);
  const extensions =
    of.names === null
      ? [
          extension(BASIC_CONSTRAINTS, der(0x30, der(0x01, Buffer.from([0xff])))),
          extension(KEY_USAGE, der(0x03, Buffer.from([2, 4]))),
        ]
      : [extension(ALTERNATIVE_NAMES, der(0x30, ...of.names.map(alternativeName)))];
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
    algorithm,
    commonName(of.issuer),
    der(0x30, time(-1), time(1)),
    commonName(of.subject),
    of.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign("sha256", content, of.signer);
  const whole = der(0x30, content, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");
const KEY_USAGE = Buffer.from("0603551d0f", "hex");
const ALTERNATIVE_NAMES = Buffer.from("0603551d11", "hex");
const CRITICAL = der(0x01, Buffer.from([0xff]));

function extension(oid: Buffer, value: Buffer): Buffer {
  return der(0x30, oid, CRITICAL, der(0x04, value));
}

function commonName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name)))));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return der(0x17, Buffer.from(`${text.slice(2, 19).replace(/[-T:]/g, "")}Z`));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
