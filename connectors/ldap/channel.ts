import { connect, isIP, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { Client, type Message, type MessageResponse } from "ldapts";
import { ConnectorError } from "../connector.ts";
import { certificateWords, secureContext } from "./certificate.ts";
import { guardMessages, insidesOf } from "./insides.ts";
import { resultError } from "./result.ts";

export type Target = {
  host: string;
  port: number;
  /** TLS from the first byte, or after StartTLS, or not at all. */
  encryption: "tls" | "start-tls" | "none";
  /** PEM; null trusts the public authorities. */
  ca: string | null;
  /** What the reader shows of itself while TLS comes about, PEM; null shows nothing. */
  client: { certificate: string; key: string } | null;
  serverName: string | null;
  connectSeconds: number;
  answerSeconds: number;
  /** An answer is held until it is whole, beside the heap that `sync.memory` bounds. */
  answerBytes: number;
};

/** By `certificate` the server takes the reader for whom the client certificate names (SASL EXTERNAL, RFC 4422 §A). */
export type Reader = { by: "password"; name: string; password: string } | { by: "certificate" };

/** One connection, bound once. Whatever goes wrong on it ends it for good; every error is a ConnectorError. */
export type Channel = {
  /** `host:port`, for messages. */
  place: string;
  bind(reader: Reader): Promise<void>;
  /** Sends one request and waits for its answer. `doing` says in an error what it was for. */
  send(request: (id: number) => Message, doing: string): Promise<MessageResponse>;
  /** @throws ConnectorError when the connection is lost or was cancelled, whatever came over it before. */
  check(): void;
  close(): Promise<void>;
};

/** Told of a connection while it comes about: how far it is, and in a word or two with what. */
export type Progress = (reached: "connect" | "tls", detail: string) => void;

/**
 * Connects, encrypts as asked and checks the certificate against the host; nobody is bound yet. The client would connect anew by itself, in
 * clear and bound to nobody, when a connection is lost; the second attempt to connect throws, so a channel is one connection.
 * @throws ConnectorError `unreachable`, `tls`, `cancelled`.
 */
export async function openChannel(
  target: Target,
  signal: AbortSignal,
  progress: Progress = () => {},
): Promise<Channel> {
  const place = `${target.host}:${target.port}`;
  const sockets: Socket[] = [];
  /** Who waits now. One promise for all waits would hold every answer of the read until its end. */
  const waits = new Set<(error: ConnectorError) => void>();
  let failure: ConnectorError | undefined;
  let isClosed = false;
  let isBound = false;
  let shown = "";

  const destroy = (): void => {
    for (const socket of sockets) {
      // The client takes its listeners away when it gives a socket up; an error without any would end the process.
      socket.on("error", () => {});
      socket.destroy();
    }
  };
  const fail = (error: ConnectorError): void => {
    if (failure !== undefined || isClosed) return;
    failure = error;
    for (const reject of waits) reject(error);
    destroy();
  };
  const own = <S extends Socket>(socket: S): S => {
    sockets.push(socket);
    socket.once("close", () => fail(new ConnectorError("unreachable", `${place} closed the connection`)));
    return socket;
  };
  /** Remembers whose certificate came before anybody judges it, so that a refusal can say so. */
  const look = (socket: TLSSocket): TLSSocket => {
    socket.prependListener("secure", () => {
      shown = certificateWords(socket.getPeerCertificate().raw);
    });
    socket.once("secureConnect", () => progress("tls", `${socket.getProtocol() ?? "TLS"}, ${shown}`));
    return socket;
  };
  const onAbort = (): void => fail(new ConnectorError("cancelled", "the read was cancelled"));

  const tlsOptions: ConnectionOptions = {
    host: target.host,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    checkServerIdentity: (_host, certificate) => checkServerIdentity(target.serverName ?? target.host, certificate),
    ...(target.encryption === "none" ? {} : { secureContext: secureContext(target) }),
    ...serverNameOption(target.serverName ?? target.host),
  };
  const client = new Client({
    url: `${target.encryption === "tls" ? "ldaps" : "ldap"}://${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`,
    // Given to a client for ldap:// these would make it speak TLS at once.
    ...(target.encryption === "tls" ? { tlsOptions } : {}),
    createConnection: ((port: number, host: string) => {
      if (sockets.length > 0) throw new ConnectorError("unreachable", `the connection to ${place} was lost`);
      const socket = own(connect({ port, host, keepAlive: true, noDelay: true }));
      return socket.once("connect", () => progress("connect", place));
    }) as typeof connect,
    createSecureConnection: ((...args: [number, string, ConnectionOptions] | [ConnectionOptions]) => {
      const expected = target.encryption === "start-tls" ? 1 : 0;
      if (sockets.length !== expected) throw new ConnectorError("unreachable", `the connection to ${place} was lost`);
      const [first, host, options] = args;
      if (typeof first === "object") return look(own(connectTls(first)));
      const socket = look(own(connectTls({ ...options, port: first, ...(host !== undefined && { host }) })));
      return socket.once("connect", () => progress("connect", place));
    }) as typeof connectTls,
  });
  const insides = insidesOf(client);
  const waiting = guardMessages(insides, target.answerBytes, fail);

  const check = (): void => {
    if (failure !== undefined) throw failure;
    if (isBound && !client.isBound)
      throw new ConnectorError("incomplete", "the connection is bound to nobody any more");
  };
  /** Nothing is waited for longer than `seconds`; whatever fails meanwhile fails this too. */
  const within = async <T>(seconds: number, doing: string, work: () => Promise<T>): Promise<T> => {
    check();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const late = new ConnectorError("unreachable", `no answer from ${place} within ${seconds} s while ${doing}`);
    const timer = setTimeout(() => fail(late), seconds * 1000);
    waits.add(reject);
    try {
      work().then(resolve, reject);
      const result = await promise;
      check();
      return result;
    } finally {
      waits.delete(reject);
      clearTimeout(timer);
    }
  };
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    signal.removeEventListener("abort", onAbort);
    if (failure === undefined) {
      await Promise.race([client.unbind().catch(() => {}), sleep(1000, undefined, { ref: false })]);
    }
    destroy();
  };

  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    // What `client.bind` would do by itself, only without saying where it failed.
    await within(target.connectSeconds, "connecting", async () => insides._connect());
    if (target.encryption === "start-tls") {
      await within(target.connectSeconds, "encrypting", () => client.startTLS(tlsOptions));
      if (waiting() > 0) throw new ConnectorError("tls", `${place} said more in clear after StartTLS`);
    }
  } catch (error) {
    // After a failed StartTLS the connection stands in clear: nothing more may be said on it.
    const reason = failure ?? connectError(error, target, shown);
    fail(reason);
    await close();
    throw reason;
  }

  return {
    place,
    check,
    async bind(reader) {
      const name = reader.by === "certificate" ? "the client certificate" : reader.name;
      if (reader.by === "password" && (name === "" || reader.password === ""))
        throw new ConnectorError("credentials", "the reader's name or password is empty");
      try {
        await within(target.connectSeconds, "binding", () =>
          reader.by === "certificate" ? client.bind("EXTERNAL") : client.bind(name, reader.password),
        );
      } catch (error) {
        throw failure ?? bindError(error, name, target);
      }
      isBound = true;
      check();
    },
    async send(request, doing) {
      try {
        const answer = await within(target.answerSeconds, doing, () =>
          insides._send(request(insides._nextMessageId())),
        );
        if (answer === undefined) throw new ConnectorError("protocol", `${place} gave no answer while ${doing}`);
        return answer;
      } catch (error) {
        if (failure !== undefined) throw failure;
        if (error instanceof ConnectorError) throw error;
        if (sockets.some((socket) => socket.destroyed))
          throw new ConnectorError("unreachable", `the connection to ${place} was lost`, { cause: error });
        throw new ConnectorError("protocol", `the answer of ${place} could not be understood while ${doing}`, {
          cause: error,
        });
      }
    },
    close,
  };
}

/** An address is no server name (RFC 6066 §3); the certificate is checked against it all the same. */
function serverNameOption(name: string): { servername?: string } {
  return isIP(name) === 0 ? { servername: name } : {};
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

function connectError(error: unknown, target: Target, shown = ""): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const place = `${target.host}:${target.port}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string" && UNREACHABLE.has(code)) {
    return new ConnectorError("unreachable", `${place} cannot be reached (${code})`, { cause: error });
  }
  if (target.encryption === "none")
    return new ConnectorError("unreachable", `${place} broke off while connecting`, { cause: error });
  // What follows is Node's advice to developers.
  const why = (error instanceof Error ? error.message : String(error)).split("; if the root CA")[0] ?? "";
  const refused = typeof code === "number" ? "the server refuses StartTLS" : "no trusted encrypted connection";
  const whose = shown === "" ? "" : `; it showed ${shown}`;
  return new ConnectorError("tls", `${refused} to ${place}: ${why}${whose}`, { cause: error });
}

function bindError(error: unknown, name: string, target: Target): ConnectorError {
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    return resultError(error.code, `binding as ${name}`, error.message);
  }
  return connectError(error, target);
}
