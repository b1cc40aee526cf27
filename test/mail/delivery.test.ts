import { expect, test } from "vitest";
import { readFailure } from "../../src/mail/delivery.ts";

const reply = (responseCode: number, response: string, command = "RCPT TO", code = "EENVELOPE") =>
  Object.assign(new Error(response), { responseCode, response, command, code });

test.each([
  ["greylisting", reply(451, "451 4.7.1 try again later"), "deferred"],
  ["mailbox full for now", reply(452, "452 4.2.2 over quota"), "deferred"],
  ["server closing", reply(421, "421 4.3.2 shutting down", "CONN"), "deferred"],
  ["no such user, enhanced", reply(550, "550 5.1.1 no such user"), "bounced"],
  ["no such user, plain", reply(550, "550 no such user"), "bounced"],
  ["recipient refused by policy", reply(550, "550 5.7.1 not accepted here"), "failed"],
  ["sender refused", reply(550, "550 5.1.8 sender domain unknown", "MAIL FROM"), "failed"],
  ["content refused", reply(554, "554 5.7.1 looks like spam", "DATA", "EMESSAGE"), "failed"],
  ["550 after the message", reply(550, "550 message refused", "DATA", "EMESSAGE"), "failed"],
  ["wrong password", reply(535, "535 5.7.8 bad credentials", "AUTH PLAIN", "EAUTH"), "misconfigured"],
  ["password needed", reply(530, "530 5.7.0 authentication required", "MAIL FROM"), "misconfigured"],
  ["TLS fails", Object.assign(new Error("certificate has expired"), { code: "ETLS" }), "misconfigured"],
  ["refused connection", Object.assign(new Error("connect ECONNREFUSED"), { code: "ESOCKET" }), "deferred"],
  ["lost connection", Object.assign(new Error("Connection closed unexpectedly"), { code: "ECONNECTION" }), "deferred"],
  ["no server by that name", Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "EDNS" }), "deferred"],
])("%s", (_what, error, outcome) => {
  expect(readFailure(error).outcome).toBe(outcome);
});

test("a reply is kept as one short line", () => {
  const attempt = readFailure(reply(451, `451 4.7.1 wait\r\n451 ${"x".repeat(2_000)}`));
  expect(attempt.reply.length).toBeLessThanOrEqual(80);
  expect(attempt.reply).not.toMatch(/[\r\n]/);
});
