import type http from "node:http";
import type https from "node:https";
import type { Socket } from "node:net";
import { newId } from "../db/id.ts";
import type { Door } from "./app.ts";
import { problemDocument } from "./problem.ts";

/** Why Node's parser gave a request up. */
type Fault = Error & { code?: string; rawPacket?: Buffer };

const TITLES = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" } as const;
type Status = keyof typeof TITLES;
const DETAIL = "the request cannot be read";

/** A request line as far as its path; everything else of it may be what cannot be read. */
const REQUEST_LINE = /^[A-Z]{1,16} (\/[^ ?#\r\n]{0,512})/;

/**
 * Answers what Node's parser refuses, which never reaches the app: with an id all the same, and in the words of the door
 * whose path the request has.
 */
export function answerUnreadable(server: http.Server | https.Server, doors: readonly Door[]): void {
  /** The last request of each connection that was read as far as its headers. */
  const latest = new WeakMap<Socket, http.ServerResponse>();
  for (const event of ["request", "checkContinue", "checkExpectation"])
    server.prependListener(event, (request: http.IncomingMessage, response: http.ServerResponse) => {
      latest.set(request.socket, response);
    });
  server.on("clientError", (error: Fault, socket: Socket) => {
    const running = latest.get(socket);
    const isBody = running !== undefined && !running.writableEnded;
    // In the midst of an answer another one would be taken for its rest.
    if (error.code === "ECONNRESET" || !socket.writable || (isBody && running.headersSent)) {
      socket.destroy();
      return;
    }
    const path = (isBody ? undefined : pathIn(error.rawPacket)) ?? running?.req.url ?? "";
    socket.end(refusal(statusOf(error), doorOf(doors, path)));
  });
}

function statusOf({ code }: Fault): Status {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

function pathIn(packet: Buffer | undefined): string | undefined {
  return packet === undefined ? undefined : REQUEST_LINE.exec(packet.toString("latin1", 0, 600))?.[1];
}

function doorOf(doors: readonly Door[], path: string): Door | undefined {
  const lower = path.toLowerCase();
  return doors.find((door) => ["/", "?"].some((end) => `${lower}?`.startsWith(door.path + end)));
}

function refusal(status: Status, door: Door | undefined): string {
  const id = newId();
  const { type, text } = unreadable(door, status, id);
  return (
    `HTTP/1.1 ${status} ${TITLES[status]}\r\nContent-Type: ${type}\r\nCache-Control: no-store\r\nX-Request-Id: ${id}\r\n` +
    `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`
  );
}

/** What a door, or nobody's, says of a request that cannot be read. */
export function unreadable(door: Door | undefined, status: Status, requestId: string): { type: string; text: string } {
  const { type, body } = door?.unreadable?.(status, DETAIL) ?? {
    type: "application/problem+json",
    body: problemDocument(status, "invalid", TITLES[status], DETAIL, requestId),
  };
  return { type, text: JSON.stringify(body) };
}
