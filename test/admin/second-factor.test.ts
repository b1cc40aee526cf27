import { argon2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { codeOf, codeOfAnother, PASSWORD, signInWorld, wrongCode } from "./sign-in-world.ts";

const world = await signInWorld();
const { browser, asOwner } = world;

async function enrolled(email: string) {
  const id = await world.administrator(email);
  const own = browser();
  expect((await own.signIn(email)).status).toBe(201);
  const begun = await own.ask("POST", "/session/second-factor");
  const secret = String(begun.body.secret);
  const code = codeOf(secret);
  const confirmed = await own.ask("POST", "/session/second-factor/confirm", { code });
  expect(confirmed.status).toBe(200);
  return {
    id,
    own,
    secret,
    /** The code that confirmed it. */
    code,
    uri: String(begun.body.uri),
    recoveryCodes: confirmed.body.recoveryCodes as string[],
    /** As if the last code had been long ago. */
    later: () => asOwner(`update muster.credentials set totp_last_step = 0 where account = '${id}'`),
    signIn: (proof: Record<string, string>) => browser().signIn(email, proof),
  };
}

test("a second factor is enrolled by a code of it, asked for from then on, and sealed at rest", async () => {
  await world.administrator("ada@example.com");
  const own = browser();
  await own.signIn("ada@example.com");
  const { secret, uri } = (await own.ask("POST", "/session/second-factor")).body as { secret: string; uri: string };
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(uri).toMatch(/^otpauth:\/\/totp\/Muster%20acme:ada%40example\.com\?issuer=Muster%20acme&secret=[A-Z2-7]{32}&/);
  // Begun is not enrolled.
  expect((await browser().signIn("ada@example.com")).status).toBe(201);
  expect((await own.ask("POST", "/session/second-factor/confirm", { code: wrongCode(secret) })).status).toBe(422);
  const confirmed = await own.ask("POST", "/session/second-factor/confirm", { code: codeOf(secret) });
  const codes = confirmed.body.recoveryCodes as string[];
  expect(codes).toHaveLength(10);
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^([a-z2-9]{4}-){5}[a-z2-9]{4}$/);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ secondFactor: true, recoveryCodes: 10 });
  expect(await browser().signIn("ada@example.com")).toMatchObject({
    status: 401,
    body: { code: "second-factor-required" },
  });
  // Who does not know the password is not told.
  expect((await browser().signIn("ada@example.com", { password: "something else" })).body.code).toBe("unauthenticated");
  expect((await own.ask("POST", "/session/second-factor")).status).toBe(409);
  for (const table of ["credentials", "recovery_codes", "audit", "outbox", "idempotent_requests"])
    for (const { row } of await asOwner<{ row: string }>(`select t::text as row from muster.${table} t`))
      for (const text of [secret, Buffer.from(secret).toString("hex"), PASSWORD, ...codes])
        expect(row).not.toContain(text);
  expect(JSON.stringify(world.lines)).not.toContain(secret);
});

test("a code works once, also for many at the same moment, and no earlier one after it", async () => {
  const { secret, code: confirming, signIn, later } = await enrolled("once@example.com");
  // The code that confirmed was a code that worked.
  expect((await signIn({ code: confirming })).status).toBe(401);
  await later();
  const code = codeOf(secret);
  const answers = await Promise.all(Array.from({ length: 5 }, () => signIn({ code })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect((await signIn({ code })).status).not.toBe(201);
  await asOwner("delete from muster.sign_in_attempts");
  expect((await signIn({ code: codeOf(secret, -1) })).status).toBe(401);
});

test("a recovery code stands in for the second factor once, also for many at the same moment", async () => {
  const { own, recoveryCodes, signIn } = await enrolled("recovers@example.com");
  const [first = "", second = "", third = ""] = recoveryCodes;
  const answers = await Promise.all(Array.from({ length: 5 }, () => signIn({ recoveryCode: first })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  await asOwner("delete from muster.sign_in_attempts");
  expect((await signIn({ recoveryCode: first })).status).toBe(401);
  expect((await signIn({ recoveryCode: second.toUpperCase().replaceAll("-", " ") })).status).toBe(201);
  expect((await own.ask("GET", "/session")).body.recoveryCodes).toBe(8);
  const renewed = await own.ask("POST", "/session/recovery-codes");
  expect(renewed.body.recoveryCodes).toHaveLength(10);
  expect((await signIn({ recoveryCode: third })).status).toBe(401);
  // It stands in for the code alone.
  const [fourth = ""] = renewed.body.recoveryCodes as string[];
  expect((await signIn({ password: "something else", recoveryCode: fourth })).status).toBe(401);
  expect((await signIn({ recoveryCode: fourth })).status).toBe(201);
});

test("a password that was hashed with other parameters opens the account, and is hashed anew by it", async () => {
  const id = await world.administrator("stale@example.com");
  const salt = Buffer.from("sixteen bytes of");
  const weak = { message: PASSWORD, nonce: salt, parallelism: 1, tagLength: 32, memory: 1_024, passes: 1 };
  const [b64Salt, b64Tag] = [salt, argon2Sync("argon2id", weak)].map((each) =>
    each.toString("base64").replace(/=+$/, ""),
  );
  const kept = `$argon2id$v=19$m=1024,t=1,p=1$${b64Salt}$${b64Tag}`;
  await asOwner(`update muster.credentials set password = '${kept}' where account = '${id}'`);
  const hash = async () =>
    (await asOwner<{ password: string }>(`select password from muster.credentials where account = '${id}'`))[0]
      ?.password;
  expect((await browser().signIn("stale@example.com", { password: "something else" })).status).toBe(401);
  expect(await hash()).toBe(kept);
  expect((await browser().signIn("stale@example.com")).status).toBe(201);
  expect(await hash()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect((await browser().signIn("stale@example.com")).status).toBe(201);
});

test("another person's codes open nothing", async () => {
  const one = await enrolled("one@example.com");
  const other = await enrolled("other@example.com");
  await one.later();
  expect((await one.signIn({ recoveryCode: other.recoveryCodes[0] ?? "" })).status).toBe(401);
  expect((await one.signIn({ code: codeOfAnother(one.secret, other.secret) })).status).toBe(401);
  expect((await other.signIn({ recoveryCode: other.recoveryCodes[0] ?? "" })).status).toBe(201);
});

test("it is taken away by who has just proven who they are, with its recovery codes", async () => {
  const { id, own, secret, recoveryCodes, signIn, later } = await enrolled("removes@example.com");
  await asOwner(`update muster.sessions set authenticated_at = now() - interval '11 minutes' where account = '${id}'`);
  const remove = () => own.ask("DELETE", "/session/second-factor");
  expect((await remove()).body.code).toBe("reauthentication-required");
  await later();
  const again = (proof: object) => own.ask("POST", "/session/reauthenticate", { password: PASSWORD, ...proof });
  expect((await again({})).body.code).toBe("second-factor-required");
  expect((await again({ code: wrongCode(secret) })).status).toBe(401);
  expect((await again({ code: codeOf(secret) })).status).toBe(204);
  expect((await own.ask("DELETE", "/session/second-factor?dryRun=true")).status).toBe(200);
  expect((await signIn({})).body.code).toBe("second-factor-required");
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect((await signIn({})).status).toBe(201);
  expect(await asOwner(`select 1 from muster.recovery_codes where account = '${id}'`)).toEqual([]);
  expect(recoveryCodes).toHaveLength(10);
});

test("a trial of enrolling leaves nothing, and an Idempotency-Key keeps no secret", async () => {
  const id = await world.administrator("tries@example.com");
  const own = browser();
  await own.signIn("tries@example.com");
  const tried = await own.ask("POST", "/session/second-factor?dryRun=true");
  expect(tried.status).toBe(200);
  const [row] = await asOwner<{ secret: Buffer | null }>(
    `select totp_secret as secret from muster.credentials where account = '${id}'`,
  );
  expect(row?.secret).toBeNull();
  const key = { "idempotency-key": "enrol-once" };
  const first = await own.ask("POST", "/session/second-factor", undefined, key);
  const second = await own.ask("POST", "/session/second-factor", undefined, key);
  expect(second.body.secret).not.toBe(first.body.secret);
  expect(await asOwner("select 1 from muster.idempotent_requests")).toEqual([]);
});
