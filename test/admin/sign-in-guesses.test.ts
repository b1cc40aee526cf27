import { expect, test } from "vitest";
import { createBreakGlass } from "../../src/identity/break-glass.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { generatePassword } from "../../src/identity/sign-in/generated-password.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { scaled } from "../harness/scale.ts";
import { codeOf, PASSWORD, signInWorld, wrongCode } from "./sign-in-world.ts";

const world = await signInWorld();
const { browser, asOwner, write } = world;
const GUESSES = scaled(1_000);

/** Waits as long as somebody has to, without waiting. */
const waitForAll = () => asOwner("update muster.sign_in_attempts set blocked_until = now()");
const forgetAll = () => asOwner("delete from muster.sign_in_attempts");

/** Sends guesses, many at once, each from an address of its own; answers how often each status came. */
async function guess(send: (turn: number) => Promise<{ status: number }>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let turn = 0; turn < GUESSES; turn += 20) {
    const some = Array.from({ length: Math.min(20, GUESSES - turn) }, (_, one) => send(turn + one));
    for (const { status } of await Promise.all(some)) counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** At most so many guesses are looked at before a delay stands in the way; one more may come a second later, and so on. */
function expectRefused(counts: Record<number, number>): void {
  expect(Object.keys(counts).filter((status) => status !== "401" && status !== "429")).toEqual([]);
  expect(counts[429]).toBeGreaterThan(GUESSES / 2);
  expect(counts[401]).toBeGreaterThanOrEqual(5);
}

async function withSecondFactor(email: string) {
  const id = await world.administrator(email);
  const own = browser();
  expect((await own.signIn(email)).status).toBe(201);
  const secret = String((await own.ask("POST", "/session/second-factor")).body.secret);
  const confirmed = await own.ask("POST", "/session/second-factor/confirm", { code: codeOf(secret) });
  expect(confirmed.status).toBe(200);
  const nextStep = () => asOwner(`update muster.credentials set totp_last_step = 0 where account = '${id}'`);
  return { id, own, secret, recoveryCodes: confirmed.body.recoveryCodes as string[], nextStep };
}

test("guesses at a password: none passes, the right one neither while it has to wait; waiting lets the person in", async () => {
  await world.administrator("ada@example.com");
  const counts = await guess((turn) => browser().signIn("ada@example.com", { password: `guess number ${turn}` }));
  expectRefused(counts);
  await asOwner("update muster.sign_in_attempts set blocked_until = now() + interval '1 minute'");
  const early = await browser().signIn("ada@example.com");
  expect(early).toMatchObject({ status: 429, body: { code: "cool-down" } });
  expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(50);
  await waitForAll();
  expect((await browser().signIn("ada@example.com")).status).toBe(201);
  // Whoever got in begins at nothing again.
  for (let wrong = 0; wrong < 4; wrong++)
    expect((await browser().signIn("ada@example.com", { password: "not this one" })).status).toBe(401);
  expect((await browser().signIn("ada@example.com")).status).toBe(201);
});

test("a name that nobody has is guessed at like any other, and is not kept", async () => {
  await forgetAll();
  const counts = await guess((turn) => browser().signIn("my secret password", { password: `guess number ${turn}` }));
  expectRefused(counts);
  const rows = await asOwner<{ row: string }>("select a::text as row from muster.sign_in_attempts a");
  for (const { row } of rows) expect(row).not.toMatch(/my secret/);
  expect(JSON.stringify(world.lines)).not.toMatch(/my secret|guess number/);
});

test("one address that guesses at everybody is told to wait", async () => {
  await forgetAll();
  const own = browser();
  for (let turn = 0; turn < 50; turn++) expect((await own.signIn(`person-${turn}`)).status).toBe(401);
  const [row] = await asOwner<{ failures: number; delayed: boolean }>(
    `select failures, blocked_until > last_at as delayed from muster.sign_in_attempts where subject = 'network:${own.address}'`,
  );
  expect(row).toEqual({ failures: 50, delayed: true });
  await asOwner(
    "update muster.sign_in_attempts set blocked_until = now() + interval '1 minute' where subject like 'network:%'",
  );
  expect((await own.signIn("person-51")).status).toBe(429);
  // Nobody else is kept waiting.
  await world.administrator("bystander@example.com");
  expect((await browser().signIn("bystander@example.com")).status).toBe(201);
});

test("a patient guesser waits ever longer, then a day for each guess; a new password by the command ends it", async () => {
  await forgetAll();
  const id = await world.administrator("patient@example.com");
  const delays: number[] = [];
  for (let turn = 0; turn < 24; turn++) {
    if (turn === 20) await asOwner("update muster.sign_in_attempts set failures = 98");
    await waitForAll();
    expect((await browser().signIn("patient@example.com", { password: `guess ${turn}` })).status).toBe(401);
    const [row] = await asOwner<{ delay: number }>(
      `select extract(epoch from blocked_until - last_at)::int as delay from muster.sign_in_attempts where subject = 'account:${id}'`,
    );
    delays.push(row?.delay ?? -1);
  }
  expect(delays.slice(0, 20)).toEqual([
    0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900, 900,
  ]);
  expect(delays.slice(20)).toEqual([900, 86_400, 86_400, 86_400]);
  expect((await browser().signIn("patient@example.com")).status).toBe(429);
  const hash = await hashPassword(PASSWORD);
  await write((tx) => setPassword(tx, id, hash));
  expect((await browser().signIn("patient@example.com")).status).toBe(201);
});

test("guesses at codes by somebody who knows the password: none passes", async () => {
  await forgetAll();
  const { secret, nextStep } = await withSecondFactor("codes@example.com");
  await nextStep();
  expect(await browser().signIn("codes@example.com")).toMatchObject({
    status: 401,
    body: { code: "second-factor-required" },
  });
  const counts = await guess((turn) => browser().signIn("codes@example.com", { code: wrongCode(secret, turn) }));
  expectRefused(counts);
  await asOwner("update muster.sign_in_attempts set blocked_until = now() + interval '1 minute'");
  expect((await browser().signIn("codes@example.com", { code: codeOf(secret) })).status).toBe(429);
  // To ask without a code neither counts nor shortens the wait.
  expect((await browser().signIn("codes@example.com")).status).toBe(429);
  await waitForAll();
  expect((await browser().signIn("codes@example.com", { code: codeOf(secret) })).status).toBe(201);
});

test("guesses at recovery codes: none passes", async () => {
  await forgetAll();
  const { recoveryCodes } = await withSecondFactor("recovers@example.com");
  const counts = await guess((turn) =>
    browser().signIn("recovers@example.com", {
      recoveryCode: `abcd-efgh-jkmn-pqrs-tuvw-${String(turn).padStart(4, "2")}`,
    }),
  );
  expectRefused(counts);
  await waitForAll();
  expect((await browser().signIn("recovers@example.com", { recoveryCode: recoveryCodes[3] ?? "" })).status).toBe(201);
});

test("guesses at a break-glass administrator, with either factor wrong: none passes", async () => {
  await forgetAll();
  const generated = await generatePassword();
  const key = loadSecretKey(world.ctx.config);
  const { secret, password } = await write((tx) => createBreakGlass(tx, key, "vault", generated));
  const attempt = (proof: { password: string; code: string }) =>
    browser().ask("POST", "/session/break-glass", { name: "vault", ...proof });
  const counts = await guess((turn) =>
    turn % 2 === 0
      ? attempt({ password: `guess number ${turn}`, code: codeOf(secret) })
      : attempt({ password, code: wrongCode(secret, turn) }),
  );
  expectRefused(counts);
  await waitForAll();
  expect((await attempt({ password, code: codeOf(secret) })).status).toBe(201);
});

test("guesses at sessions: none passes", async () => {
  const statuses = await guess((turn) => {
    const own = browser();
    // Those with a right checksum are asked about.
    const wrong = `mst_ses_${String(turn).padStart(49, "0")}`;
    own.cookies.set("__Host-muster", turn % 2 === 0 ? newTokenText("ses") : wrong);
    return own.ask("GET", "/session");
  });
  expect(statuses).toEqual({ 401: GUESSES });
});
