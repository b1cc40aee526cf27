import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, expect, test } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import type { Context } from "../../src/context.ts";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { pruneDeliveries } from "../../src/identity/webhook-deliveries.ts";
import { MOST_OPEN } from "../../src/identity/webhook-dispatch.ts";
import { deliverWebhook } from "../../src/jobs/deliver-webhook.ts";
import { dispatchOnce } from "../../src/jobs/dispatch-webhooks.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";
import { signatureOf, startReceiver } from "../jobs/webhook-receiver.ts";

const base = await testContext();
const webhooks = { allowPrivate: true, retryDelays: [0, 0], timeout: 2_000, concurrency: 4, disableAfter: 2 };
const ctx: Context = { ...base, config: { ...base.config, webhooks } };
const receiver = await startReceiver();
const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await receiver.stop();
});
const ok: typeof receiver.answer = (_received, response) => void response.writeHead(204).end();
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = ok;
});

const write = <T>(organization: OrganizationId, work: (tx: Tx) => Promise<T>): Promise<T> => {
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  return inTransaction(ctx, actor, work, { lock: "exclusive" });
};

let number = 0;
async function company() {
  const organization = newId<OrganizationId>();
  const { token, product } = await write(organization, async (tx) => {
    await createOrganization(tx, { key: `acme-${++number}` });
    const product = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
    return { ...(await createToken(tx, { administration: true })), product: product.id };
  });
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await apiFetch(`${api}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text === "" ? {} : JSON.parse(text) };
  };
  const happen = (subject: string, detail: object, action = "account.suspended") =>
    write(organization, (tx) => recordChanges(tx, [{ action, subjectKind: "account", subject, detail, event: true }]));
  /** Looks at the outbox until every event is a delivery: a transaction of any database of the server may hold them back. */
  const dispatch = () =>
    until("every event is dispatched", 60, async () => {
      await dispatchOnce(ctx);
      const behind = await ctx.db.of(organization).query({
        text: `select 1 from webhooks w where w.organization = $1 and w.state = 'active' and exists (
          select from outbox o where o.organization = $1 and (o.transaction, o.id) > (w.after_transaction, w.after_event))`,
        values: [organization],
      });
      return behind.length === 0;
    });
  /** One turn of whoever sends, as a job takes it. */
  const deliver = (webhook: string) =>
    deliverWebhook(ctx, loadSecretKey(ctx.config), { organization, webhook }, undefined);
  const send = async (webhook: string) => {
    await dispatch();
    await deliver(webhook);
  };
  /** The latest event, once it is of this kind. */
  const latestEvent = async (kind: string) => {
    let latest: { id: string; at: string; kind: string } | undefined;
    await until(`the latest event is ${kind}`, 60, async () => {
      latest = (await ask("GET", "/events")).body.data.at(-1);
      return latest?.kind === kind;
    });
    return latest!;
  };
  const make = async (settings: object = {}) => {
    const { status, body } = await ask("POST", "/webhooks", { name: "hook", url: receiver.url, ...settings });
    expect(status).toBe(201);
    return body as { webhook: { id: string }; secret: string };
  };
  return { organization, product, ask, happen, dispatch, deliver, send, latestEvent, make };
}

const details = () => receiver.received.map(({ body }) => JSON.parse(body).data.detail);

test("a webhook is made with a secret that is shown once and kept sealed, and gets what happens from then on", async () => {
  const acme = await company();
  const subject = newId<never>() as string;
  await acme.happen(subject, { when: "before" });
  const made = await acme.ask("POST", "/webhooks", { name: "hook", url: receiver.url });
  expect(made.status).toBe(201);
  const { webhook, secret } = made.body;
  expect(made.headers.get("location")).toBe(`/api/v1/webhooks/${webhook.id}`);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await acme.happen(subject, { when: "after" });
  await acme.send(webhook.id);
  const [received] = receiver.received;
  expect(receiver.received).toHaveLength(1);
  expect(received?.signatures).toEqual([signatureOf(secret, received!)]);
  expect(Math.abs(Date.now() / 1_000 - Number(received?.timestamp))).toBeLessThan(60);
  const feed = await acme.latestEvent("account.suspended");
  expect(received?.id).toBe(feed.id);
  expect(JSON.parse(received?.body ?? "")).toEqual({
    type: "account.suspended",
    timestamp: feed.at,
    data: {
      id: feed.id,
      organization: acme.organization,
      subject: { kind: "account", id: subject },
      detail: { when: "after" },
    },
  });
  for (const path of ["", `/${webhook.id}`, `/${webhook.id}/deliveries`])
    expect((await acme.ask("GET", `/webhooks${path}`)).text).not.toContain("whsec");
  const stored = await statements<{ row: string }>(base.database.superuserUrl, [
    `select w::text || coalesce((select string_agg(a::text, '') from muster.audit a
       where a.organization = w.organization), '') as row from muster.webhooks w where id = '${webhook.id}'`,
  ]);
  expect(stored[0]?.row).not.toContain("whsec");
  expect(stored[0]?.row).not.toContain(Buffer.from(secret).toString("hex"));
});

test("the list of deliveries tells state, attempts and the receiver's answer; what failed is tried again and then given up", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  const subject = newId<never>() as string;
  receiver.answer = (_received, response) => void response.writeHead(500).end("no \u0000room");
  await acme.happen(subject, { n: 1 });
  await acme.happen(subject, { n: 2 });
  await acme.dispatch();
  const list = async (query = "") => (await acme.ask("GET", `/webhooks/${webhook.id}/deliveries${query}`)).body.data;
  expect((await list()).map((row: { state: string }) => row.state)).toEqual(["waiting", "pending"]);
  await acme.send(webhook.id);
  // Three attempts at the first, then at the second, which makes two given up one after the other.
  expect(details()).toEqual([1, 1, 1, 2, 2, 2].map((n) => ({ n })));
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2);
  expect(await list()).toMatchObject(
    [2, 1].map(() => ({ state: "failed", attempts: 3, replyStatus: 500, reply: "no  room", nextAttemptAt: null })),
  );
  expect((await list("?state=failed")).length).toBe(2);
  expect((await list("?state=delivered")).length).toBe(0);
  expect((await acme.ask("GET", `/webhooks/${webhook.id}`)).body).toMatchObject({
    state: "disabled",
    disabledReason: "2 deliveries failed one after the other",
    open: 0,
  });
  await acme.latestEvent("webhook.disabled");
});

test("410 disables at once; what happens meanwhile is sent when it is enabled, or left out", async () => {
  const acme = await company();
  const { webhook } = await acme.make({ kinds: ["account.suspended"] });
  const subject = newId<never>() as string;
  receiver.answer = (_received, response) => void response.writeHead(410).end();
  await acme.happen(subject, { n: 1 });
  await acme.send(webhook.id);
  const { body: gone } = await acme.ask("GET", `/webhooks/${webhook.id}`);
  expect(gone).toMatchObject({ state: "disabled", disabledReason: "the receiver answered 410 Gone" });
  receiver.answer = ok;
  receiver.received.length = 0;
  await acme.happen(subject, { n: 2 });
  await acme.send(webhook.id);
  expect(receiver.received).toEqual([]);
  expect((await acme.ask("POST", `/webhooks/${webhook.id}/test`)).status).toBe(409);
  expect((await acme.ask("POST", `/webhooks/${webhook.id}/enable`, {})).body).toMatchObject({ state: "active" });
  await acme.send(webhook.id);
  expect(details()).toEqual([{ n: 2 }]);
  await acme.ask("POST", `/webhooks/${webhook.id}/disable`, { reason: "holidays" });
  await acme.happen(subject, { n: 3 });
  await acme.ask("POST", `/webhooks/${webhook.id}/enable`, { missed: "skip" });
  await acme.happen(subject, { n: 4 });
  await acme.send(webhook.id);
  expect(details()).toEqual([{ n: 2 }, { n: 4 }]);
});

test("a webhook gets its kinds and its product alone", async () => {
  const acme = await company();
  const other = await company();
  const all = await acme.make();
  const some = await acme.make({ kinds: ["account.restored", "access.granted"] });
  const wiki = await acme.make({ product: acme.product });
  const subject = newId<never>() as string;
  await acme.happen(subject, { n: 1 });
  await acme.happen(subject, { n: 2 }, "account.restored");
  await acme.happen(subject, { n: 3, product: acme.product }, "access.granted");
  await other.happen(subject, { n: 4 });
  const seenBy = async (id: string) => {
    receiver.received.length = 0;
    await acme.send(id);
    return details().map(({ n }) => n);
  };
  expect(await seenBy(all.webhook.id)).toEqual([1, 2, 3]);
  expect(await seenBy(some.webhook.id)).toEqual([2, 3]);
  expect(await seenBy(wiki.webhook.id)).toEqual([3]);
});

test("while a secret is rotated both sign; afterwards the new one alone", async () => {
  const acme = await company();
  const { webhook, secret } = await acme.make();
  const rotate = async (overlapHours: number) =>
    (await acme.ask("POST", `/webhooks/${webhook.id}/rotate-secret`, { overlapHours })).body as {
      webhook: { previousSecretUntil: string | null };
      secret: string;
    };
  const subject = newId<never>() as string;
  const second = await rotate(1);
  expect(second.webhook.previousSecretUntil).not.toBe(null);
  await acme.happen(subject, {});
  await acme.send(webhook.id);
  const first = receiver.received[0]!;
  expect(first.signatures).toEqual([signatureOf(second.secret, first), signatureOf(secret, first)]);
  await statements(base.database.superuserUrl, [
    `update muster.webhooks set previous_until = now() - interval '1 second' where id = '${webhook.id}'`,
  ]);
  await acme.happen(subject, {});
  await acme.send(webhook.id);
  expect(receiver.received[1]!.signatures).toEqual([signatureOf(second.secret, receiver.received[1]!)]);
  expect((await rotate(0)).webhook.previousSecretUntil).toBe(null);
});

test("a test, a delivery sent again, and everything sent again from an event on, under the ids that they had", async () => {
  const acme = await company();
  const { webhook } = await acme.make({ kinds: ["account.suspended"] });
  const path = `/webhooks/${webhook.id}`;
  const tested = await acme.ask("POST", `${path}/test`);
  expect(tested.status).toBe(202);
  await acme.send(webhook.id);
  expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
    type: "webhook.test",
    data: { id: tested.body.messageId },
  });
  const subject = newId<never>() as string;
  for (const n of [1, 2, 3]) await acme.happen(subject, { n });
  await acme.send(webhook.id);
  const [, one, two, three] = receiver.received;
  const { data } = (await acme.ask("GET", `${path}/deliveries?limit=3`)).body;
  expect(data.map((row: { event: string }) => row.event)).toEqual([three?.id, two?.id, one?.id]);

  receiver.received.length = 0;
  expect((await acme.ask("POST", `${path}/deliveries/${data[1].id}/replay`)).body).toMatchObject({ state: "pending" });
  await acme.send(webhook.id);
  expect(receiver.received.map(({ id, body }) => [id, body])).toEqual([[two?.id, two?.body]]);

  receiver.received.length = 0;
  expect((await acme.ask("POST", `${path}/replay`, { after: one?.id })).status).toBe(202);
  await acme.happen(subject, { n: 4 });
  await acme.send(webhook.id);
  expect(receiver.received.map(({ id }) => id).slice(0, 2)).toEqual([two?.id, three?.id]);
  expect(details().map(({ n }) => n)).toEqual([2, 3, 4]);
  expect((await acme.ask("POST", `${path}/replay`, { after: "nonsense" })).status).toBe(422);
  receiver.received.length = 0;
  await acme.ask("POST", `${path}/replay`, { after: null });
  await acme.send(webhook.id);
  expect(details().map(({ n }) => n)).toEqual([1, 2, 3, 4]);
});

/** Writes an event in a transaction that stays open until it is told to end. */
async function hold(organization: OrganizationId, subject: string, n: number) {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = inTransaction(
    ctx,
    { organization, kind: "system", id: null, requestId: null },
    async (tx) => {
      await recordChanges(tx, [
        { action: "account.suspended", subjectKind: "account", subject, detail: { n }, event: true },
      ]);
      begun.resolve();
      await end.promise;
    },
    { lock: "none" },
  );
  await begun.promise;
  return async () => {
    end.resolve();
    await running;
  };
}

test("what is committed waits for a change that began before it and still runs: that would be left out for ever", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  const subject = newId<never>() as string;
  await acme.happen(subject, { n: 0 });
  const commit = await hold(acme.organization, subject, 1);
  await (await hold(acme.organization, subject, 2))();
  await until("what was there before is sent", 60, async () => {
    await dispatchOnce(ctx);
    await acme.deliver(webhook.id);
    return receiver.received.length > 0;
  });
  await dispatchOnce(ctx);
  await acme.deliver(webhook.id);
  expect(details().map(({ n }) => n)).toEqual([0]);
  await commit();
  await acme.send(webhook.id);
  expect(details().map(({ n }) => n)).toEqual([0, 1, 2]);
});

test("what was committed before a webhook is none of its, also while something older runs; what commits later is", async () => {
  const acme = await company();
  const subject = newId<never>() as string;
  const commit = await hold(acme.organization, subject, 1);
  await (await hold(acme.organization, subject, 2))();
  const { webhook } = await acme.make();
  await (await hold(acme.organization, subject, 3))();
  await commit();
  await acme.send(webhook.id);
  expect(details().map(({ n }) => n)).toEqual([1, 3]);
});

test("an attempt whose end nobody saw is made again when its hold ends, and not before", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  await acme.happen(newId<never>() as string, { n: 1 });
  await acme.dispatch();
  await statements(base.database.superuserUrl, [
    "update muster.webhook_deliveries set held_until = now() + interval '1 minute', attempts = 1",
  ]);
  await acme.send(webhook.id);
  expect(receiver.received).toEqual([]);
  await statements(base.database.superuserUrl, ["update muster.webhook_deliveries set held_until = now()"]);
  await acme.send(webhook.id);
  expect(details()).toEqual([{ n: 1 }]);
});

test("what came long ago is forgotten, what is open never", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  await acme.happen(newId<never>() as string, { n: 1 });
  await acme.send(webhook.id);
  await acme.happen(newId<never>() as string, { n: 2 });
  await acme.dispatch();
  await statements(base.database.superuserUrl, [
    `update muster.webhook_deliveries set created_at = now() - interval '15 days',
       ended_at = ended_at - interval '15 days' where webhook = '${webhook.id}'`,
  ]);
  expect(await write(acme.organization, pruneDeliveries)).toBe(1);
  const { data } = (await acme.ask("GET", `/webhooks/${webhook.id}/deliveries`)).body;
  expect(data).toMatchObject([{ state: "pending" }]);
});

test("a receiver that is not there is left alone for a while, and has its turn again", async () => {
  const acme = await company();
  const { webhook } = await acme.make({ url: "http://127.0.0.1:1/" });
  for (let n = 0; n < 20; n++) await acme.happen(newId<never>() as string, { n });
  await acme.send(webhook.id);
  const attempts = async () =>
    (
      await ctx.db.of(acme.organization).query<{ sum: number }>({
        text: "select sum(attempts)::integer as sum from webhook_deliveries where organization = $1",
        values: [acme.organization],
      })
    )[0]?.sum ?? 0;
  const before = await attempts();
  expect(before).toBeGreaterThanOrEqual(16);
  // Those that were under way when it was one too many.
  expect(before).toBeLessThan(20);
  expect((await acme.ask("GET", `/webhooks/${webhook.id}`)).body).toMatchObject({
    state: "active",
    pausedUntil: expect.any(String),
  });
  await acme.ask("PATCH", `/webhooks/${webhook.id}`, { url: receiver.url });
  await acme.send(webhook.id);
  expect(await attempts()).toBe(before);
  await statements(base.database.superuserUrl, ["update muster.webhooks set paused_until = now()"]);
  await acme.send(webhook.id);
  expect(new Set(details().map(({ n }) => n)).size).toBe(20);
  expect((await acme.ask("GET", `/webhooks/${webhook.id}`)).body).toMatchObject({ pausedUntil: null, open: 0 });
});

test("so many deliveries are open at most; what comes after them waits in the outbox and is not lost", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  const count = MOST_OPEN + 300;
  await statements(base.database.superuserUrl, [
    `insert into muster.outbox (organization, kind, subject_kind, subject)
       select '${acme.organization}', 'account.suspended', 'account', gen_random_uuid() from generate_series(1, ${count})`,
  ]);
  const made = async () =>
    (
      await ctx.db.of(acme.organization).query<{ count: number }>({
        text: "select count(*) as count from webhook_deliveries where organization = $1",
        values: [acme.organization],
      })
    )[0]?.count;
  const full = (wanted: number) =>
    until(`${wanted} deliveries`, 60, async () => {
      await dispatchOnce(ctx);
      return (await made()) === wanted;
    });
  await full(MOST_OPEN);
  await dispatchOnce(ctx);
  expect(await made()).toBe(MOST_OPEN);
  expect((await acme.ask("GET", `/webhooks/${webhook.id}`)).body.open).toBe(MOST_OPEN);
  await statements(base.database.superuserUrl, [
    `update muster.webhook_deliveries set state = 'delivered', ended_at = now() where webhook = '${webhook.id}'`,
  ]);
  await full(count);
});

test("an event too long to send is sent without its detail", async () => {
  const acme = await company();
  const { webhook } = await acme.make();
  await acme.happen(newId<never>() as string, { text: "x".repeat(70_000) });
  await acme.send(webhook.id);
  expect(receiver.received[0]!.body.length).toBeLessThan(1_000);
  expect(JSON.parse(receiver.received[0]!.body).data).toMatchObject({ detail: {}, cut: true });
});

test("wrong settings are refused by their place; the twenty-first webhook is one too many; another's answers as an unknown one", async () => {
  const acme = await company();
  const other = await company();
  for (const [settings, pointer] of [
    [{ url: "https://user:x@example.com/" }, "/url"],
    [{ url: "ftp://example.com/" }, "/url"],
    [{ kinds: ["account.vanished"] }, "/kinds/0"],
    [{ product: newId() }, "/product"],
    [{ name: "" }, "/name"],
    [{ secret: "mine" }, "/secret"],
  ] as const) {
    const { status, body } = await acme.ask("POST", "/webhooks", { name: "hook", url: receiver.url, ...settings });
    expect([status >= 400 && status < 500, body.errors?.[0]?.pointer], pointer).toEqual([true, pointer]);
  }
  const { webhook } = await acme.make();
  const theirs = await other.ask("GET", `/webhooks/${webhook.id}`);
  const unknown = await other.ask("GET", `/webhooks/${newId()}`);
  const without = (text: string) => text.replace(/"requestId":"[^"]*"/, "");
  expect([theirs.status, without(theirs.text)]).toEqual([404, without(unknown.text)]);
  const changed = await acme.ask("PATCH", `/webhooks/${webhook.id}`, { name: "new", kinds: ["grant.created"] });
  expect(changed.body).toMatchObject({ name: "new", kinds: ["grant.created"], url: receiver.url });
  await Promise.all(Array.from({ length: 25 }, () => acme.ask("POST", "/webhooks", { name: "x", url: receiver.url })));
  expect((await acme.ask("GET", "/webhooks")).body.data).toHaveLength(20);
  expect((await acme.ask("DELETE", `/webhooks/${webhook.id}`)).status).toBe(204);
  expect((await acme.ask("GET", `/webhooks/${webhook.id}`)).status).toBe(404);
});

test("an organization whose events cannot be dispatched keeps no other from its own", async () => {
  const [one, good, other] = [await company(), await company(), await company()];
  const made = [await one.make(), await good.make(), await other.make()];
  const broken = [one, other].map(({ organization }) => `'${organization}'`).join();
  for (const each of [one, good, other]) await each.happen(newId<never>() as string, { n: 1 });
  await statements(base.database.superuserUrl, [
    "create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$",
    `create trigger refused before insert on muster.webhook_deliveries for each row
      when (new.organization in (${broken})) execute function refuse()`,
  ]);
  try {
    // A transaction of any database of the server may hold back the events of some of them, or of all.
    await until("the delivery is made", 60, async () => {
      const failed = await dispatchOnce(ctx).then(
        () => false,
        () => true,
      );
      await good.deliver(made[1]!.webhook.id);
      return failed && receiver.received.length > 0;
    });
  } finally {
    await statements(base.database.superuserUrl, ["drop function refuse() cascade"]);
  }
  await one.send(made[0]!.webhook.id);
  await other.send(made[2]!.webhook.id);
  expect(receiver.received).toHaveLength(3);
});
