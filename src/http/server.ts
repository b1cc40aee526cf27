import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { type Door, makeApp, trustProxies } from "./app.ts";
import type { Health } from "./health.ts";
import { answerUnreadable } from "./unreadable.ts";

export type HttpServer = {
  /** The port it listens on: another than configured when that is 0. */
  port: number;
  /** Answers no new connection, lets running requests end for at most `limits.drainTimeout`, then cuts them off. */
  drain(): Promise<void>;
  /** Cuts off whatever still runs. */
  cut(): void;
};

const HEADERS_TIMEOUT = 15_000;
const KEEP_ALIVE_TIMEOUT = 65_000;
const MAX_HEADER_SIZE = 16 * 1024;

/** @throws MusterError `configuration` when the address is taken or impossible, or a TLS file cannot be used. */
export async function serve(ctx: Context, doors: readonly Door[]): Promise<HttpServer> {
  const health: Health = { draining: false };
  const server = makeServer(ctx.config);
  const app = makeApp(ctx, doors, health);
  server.on("request", app);
  server.on("checkContinue", continueWhenRead(app));
  // No expectation but that one is known; whoever has another is answered all the same (RFC 9110 §10.1.1).
  server.on("checkExpectation", app);
  answerUnreadable(server, doors);
  await listen(server, ctx.config.listen);
  // No file descriptor left for a new connection, for instance: the others go on.
  server.on("error", (error) => ctx.logger.error("a connection was not accepted", { error: error.message }));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => server.closeAllConnections(),
    drain: async () => {
      health.draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const deadline = sleep(ctx.config.limits.drainTimeout, undefined, { ref: false }).then(() =>
        server.closeAllConnections(),
      );
      // A connection that turns idle later is not closed by close() itself.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await Promise.race([closed, deadline]);
      clearInterval(sweep);
      await closed;
    },
  };
}

/**
 * Whoever waits to be told before sending a body is told when somebody begins to read it: who is refused for the token, the
 * path or the length need not send it. The connection of one who was not told ends with the answer, because nobody
 * could say whether what comes next is that body.
 */
function continueWhenRead(app: http.RequestListener): http.RequestListener {
  return (request, response) => {
    response.setHeader("Connection", "close");
    request.once("resume", () => {
      if (response.headersSent) return;
      response.removeHeader("Connection");
      response.writeContinue();
    });
    app(request, response);
  };
}

/** Proves that the settings of HTTP can be used, before anything else is started. @throws as `serve` */
export async function checkHttp(config: Config): Promise<void> {
  trustProxies(express(), config.trustedProxies);
  const server = makeServer(config);
  await listen(server, config.listen);
  await new Promise((resolve) => server.close(resolve));
}

function makeServer(config: Config): http.Server | https.Server {
  const options = {
    maxHeaderSize: MAX_HEADER_SIZE,
    headersTimeout: Math.min(HEADERS_TIMEOUT, config.limits.requestTimeout),
    requestTimeout: config.limits.requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionsCheckingInterval: 1_000,
    // The app asks for it, so that the answer has a body.
    requireHostHeader: false,
  };
  const { certFile, keyFile } = config.tls;
  const server = certFile && keyFile ? makeSecure(options, certFile, keyFile) : http.createServer(options);
  // No byte in either direction for longer than any request may take: the other side is gone.
  server.setTimeout(Math.max(config.limits.requestTimeout, KEEP_ALIVE_TIMEOUT) + 5_000);
  return server;
}

function makeSecure(options: http.ServerOptions, certFile: string, keyFile: string): https.Server {
  const [cert, key] = [readTls("tls.certFile", certFile), readTls("tls.keyFile", keyFile)];
  try {
    return https.createServer({ ...options, cert, key, minVersion: "TLSv1.2" });
  } catch (error) {
    throw new MusterError(
      "configuration",
      `${certFile} and ${keyFile} are no certificate and its key (PEM): ${(error as Error).message}`,
      {
        at: "tls",
        cause: error,
      },
    );
  }
}

function readTls(at: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new MusterError(
      "configuration",
      `the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      {
        at,
        cause: error,
      },
    );
  }
}

function listen(server: http.Server | https.Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(listenError(address, error));
    server.once("error", fail);
    try {
      server.listen({ host, port: Number(address.slice(colon + 1)) }, () => {
        server.removeListener("error", fail);
        resolve();
      });
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
  });
}

function listenError(address: string, error: NodeJS.ErrnoException): MusterError {
  const reason =
    error.code === "EADDRINUSE"
      ? "is taken by another program; stop it, or choose another address"
      : `cannot be listened on: ${error.message}`;
  return new MusterError("configuration", `${address} ${reason}`, { at: "MUSTER_LISTEN", cause: error });
}
