import dns from "node:dns";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { isPublicAddress, parseWebhookUrl } from "../../src/identity/webhook-url.ts";
import { postToWebhook } from "../../src/jobs/webhook-request.ts";
import { resolveTarget } from "../../src/jobs/webhook-target.ts";
import { startReceiver } from "./webhook-receiver.ts";

const receiver = await startReceiver();
afterAll(() => receiver.stop());
const port = new URL(receiver.url).port;
const post = (url: string, options: { timeout?: number; allowPrivate?: boolean } = {}) =>
  postToWebhook(url, { "webhook-id": "x" }, "{}", { timeout: 1_000, allowPrivate: true, ...options });

const INSIDE = [
  "127.0.0.1",
  "127.8.9.10",
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.0.0.192",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "2001:0:7f00:1::",
  "fe80::1",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
];
/** The same addresses as people hide them. */
const HIDDEN = [
  "2130706433",
  "0x7f000001",
  "017700000001",
  "0x7f.1",
  "127.1",
  "127.0.0.1.",
  "0",
  "①②⑦.0.0.1",
  "[::ffff:7f00:1]",
];

describe("where a webhook may lead", () => {
  it("private addresses are told from public ones in every form", () => {
    for (const address of INSIDE) expect(isPublicAddress(address), address).toBe(false);
    for (const address of ["1.1.1.1", "93.184.215.14", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111"])
      expect(isPublicAddress(address), address).toBe(true);
    for (const text of ["", "localhost", "1.1.1", "fe80::1%eth0"]) expect(isPublicAddress(text), text).toBe(false);
  });

  it("a URL that names one is refused before it is stored, and again before it is dialled", async () => {
    const hosts = [...INSIDE.map((address) => (address.includes(":") ? `[${address}]` : address)), ...HIDDEN];
    for (const host of hosts) {
      expect(() => parseWebhookUrl(`https://${host}/hook`, false), host).toThrow(/private address/);
      await expect(resolveTarget(new URL(`https://${host}/hook`), false), host).rejects.toThrow(/private address/);
    }
    expect(receiver.received).toEqual([]);
  });

  it("a name that resolves to one is refused when it is dialled", async () => {
    await expect(post(`https://LOCALHOST:${port}/`, { allowPrivate: false })).rejects.toThrow(/private address/);
    expect(receiver.received).toEqual([]);
  });

  it.each([
    ["http://example.com/hook", false],
    ["http://example.com/hook", true],
    ["ftp://example.com/", true],
    ["file:///etc/passwd", true],
    ["https://user:secret@example.com/", true],
    ["https://example.com/#part", true],
    ["https://exa mple.com/", true],
    [`https://example.com/${"x".repeat(2_000)}`, true],
    ["nonsense", true],
    ["", true],
  ])("%s is no webhook's URL", (url, allowPrivate) => {
    expect(() => parseWebhookUrl(url, allowPrivate)).toThrow(
      expect.objectContaining({ code: "invalid-value", at: "url" }),
    );
  });

  it("plain http is for this machine alone, and only where private addresses are allowed", async () => {
    expect(parseWebhookUrl(receiver.url, true)).toBe(receiver.url);
    await expect(post(receiver.url, { allowPrivate: false })).rejects.toThrow(/plain http/);
    await expect(resolveTarget(new URL("http://10.0.0.1/"), true)).rejects.toThrow(/plain http/);
  });
});

describe("one request", () => {
  it("goes to an address that was looked at, whatever the name says a moment later", async () => {
    let host: string | undefined;
    receiver.answer = (_received, response, request) => {
      host = request.headers.host;
      response.writeHead(200).end("ok");
    };
    // What a connection would ask by itself: the name leads elsewhere now.
    const { lookup } = dns;
    let asked = 0;
    dns.lookup = ((_host: string, _options: object, answer: (error: null, found: object[]) => void) => {
      asked += 1;
      answer(null, [{ address: "127.0.0.9", family: 4 }]);
    }) as typeof dns.lookup;
    try {
      expect(await post(`http://localhost:${port}/hook`)).toEqual({ status: 200, text: "ok", retryAfter: null });
    } finally {
      dns.lookup = lookup;
    }
    expect(host).toBe(`localhost:${port}`);
    expect(asked).toBe(0);
  });

  it("follows no redirect", async () => {
    receiver.received.length = 0;
    receiver.answer = (_received, response) => void response.writeHead(307, { location: receiver.url }).end();
    expect((await post(receiver.url)).status).toBe(307);
    expect(receiver.received).toHaveLength(1);
  });

  it("reads no more than the beginning of an answer without an end, and keeps readable text of it", async () => {
    let written = 0;
    receiver.answer = (_received, response) => {
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && response.write("\u0000\u001b[31mé\ufffd".repeat(4_096))) written += 1;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    const reply = await post(receiver.url, { timeout: 20_000 });
    expect(reply.status).toBe(500);
    expect(Array.from(reply.text).length).toBeLessThanOrEqual(500);
    expect(reply.text).toMatch(/^\[31mé/);
    expect(reply.text).not.toMatch(/[\u0000-\u001f]/);
    expect(written).toBeLessThan(10_000);
  });

  it("ends in time: without an answer it failed, without the rest of one its status counts", async () => {
    receiver.answer = () => {};
    await expect(post(receiver.url, { timeout: 200 })).rejects.toThrow("no answer within 200 ms");
    receiver.answer = (_received, response) => void response.writeHead(200).write("so far");
    expect(await post(receiver.url, { timeout: 500 })).toMatchObject({ status: 200, text: "so far" });
  });

  it("a broken or foolish receiver is a failure in our own words, which tell no address", async () => {
    receiver.answer = (_received, _response, request) => void request.socket.destroy();
    await expect(post(receiver.url)).rejects.toThrow(/^no answer \(ECONNRESET\)$/);
    await expect(post("http://127.0.0.1:1/")).rejects.toThrow(/^no answer \(ECONNREFUSED\)$/);
    await expect(post("https://name.invalid/")).rejects.toThrow("the host's name cannot be resolved");
    const nonsense = createTcpServer((socket) => socket.end("nonsense\r\n\r\n")).listen(0, "127.0.0.1");
    await new Promise((listening) => nonsense.once("listening", listening));
    await expect(post(`http://127.0.0.1:${(nonsense.address() as AddressInfo).port}/`)).rejects.toThrow(
      /^no answer \(HPE/,
    );
    nonsense.close();
  });

  it("says for how long it wants to be left alone, in seconds or as a date, a day at most", async () => {
    for (const [header, least, most] of [
      ["7", 7, 7],
      ["999999999", 86_400, 86_400],
      [new Date(Date.now() + 60_000).toUTCString(), 1, 60],
      ["yesterday", null, null],
      ["-5", null, null],
    ] as const) {
      receiver.answer = (_received, response) => void response.writeHead(503, { "retry-after": header }).end();
      const { retryAfter } = await post(receiver.url);
      if (least === null) expect(retryAfter).toBe(null);
      else expect(retryAfter).toSatisfy((value: number) => value >= least && value <= most);
    }
  });
});
