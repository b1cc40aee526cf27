import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it arrived. */
export type Received = { id: string; timestamp: string; signatures: string[]; body: string };

/** Answers one request; what it does not end stays open. */
type Answer = (received: Received, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

type Receiver = { url: string; received: Received[]; answer: Answer; stop(): Promise<void> };

/** A real HTTP server on the loopback that keeps what it gets; it answers 204 unless told otherwise. */
export async function startReceiver(answer: Answer = (_received, response) => void response.writeHead(204).end()) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers } = request;
      const received = {
        id: String(headers["webhook-id"]),
        timestamp: String(headers["webhook-timestamp"]),
        signatures: String(headers["webhook-signature"]).split(" "),
        body: Buffer.concat(chunks).toString("utf8"),
      };
      receiver.received.push(received);
      void receiver.answer(received, response, request);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** The signature as the specification of Standard Webhooks says it, made without any library of theirs. */
export function signatureOf(secret: string, { id, timestamp, body }: Received): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
