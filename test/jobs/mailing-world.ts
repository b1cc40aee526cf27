import { afterAll, expect, vi } from "vitest";
import type { Context } from "../../src/context.ts";
import type { AccountId } from "../../src/db/id.ts";
import { testContext } from "../harness/postgres.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";
import { mailsOf, makeWorld } from "../mail/world.ts";
import { silent } from "../sync/world.ts";

/**
 * A company on a database of its own whose mails arrive in a sink and are tried again at once; what the log says of a database in
 * trouble is not told. Call it while the file is collected.
 */
export async function mailingWorld() {
  const sink = await startSmtpSink();
  afterAll(() => sink.stop());
  const { database, ...base } = await testContext({ logger: silent });
  const mail = { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0, 0] };
  const ctx: Context = { ...base, config: { ...base.config, mail } };
  const world = await makeWorld(ctx, "acme");

  /** Waits, for at most so many milliseconds, until the person's only mail is sent. */
  async function sent(account: AccountId, timeout: number): Promise<void> {
    await vi.waitFor(
      async () => expect((await mailsOf(ctx, world, account)).map((one) => one.state)).toEqual(["sent"]),
      { timeout },
    );
  }
  return { ctx, sink, database, world, sent };
}
