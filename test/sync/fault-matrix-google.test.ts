import { afterAll, expect, test } from "vitest";
import type { Connector } from "../../connectors/connector.ts";
import { connectorFor } from "../connectors/google-workspace/company.ts";
import { type FakeOptions, startFakeGoogle } from "../harness/fake-google-directory.ts";
import { FAULTS } from "../harness/fake-google-directory-faults.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { GOOGLE_CELLS, type GoogleCell } from "./google-cells.ts";
import { chosen, makeMatrix } from "./matrix.ts";
import { GOOGLE_SETTINGS, googleCompany } from "./two-companies.ts";
import { silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

type Started = Awaited<ReturnType<typeof startFakeGoogle>>;
let fake: Started | undefined;
afterAll(() => fake?.stop());

/** A server of its own for each read: it counts what it was asked. */
async function start(turn: 0 | 1, options: FakeOptions = {}): Promise<Started> {
  await fake?.stop();
  const { goal: _, ...company } = googleCompany(turn);
  fake = await startFakeGoogle(company, options);
  return fake;
}

function optionsOf(cell: GoogleCell): FakeOptions {
  const { phase, page, kind, change } = cell;
  if (kind) return { fault: { phase, page, kind } };
  if (!change) return {};
  return {
    onRequest(now, at, server) {
      if (now === phase && at === page) change(server);
      return false;
    },
  };
}

const reader = (server: Started, settings: object = {}): Connector =>
  connectorFor(server, { ...GOOGLE_SETTINGS, ...settings });

test(`${GOOGLE_CELLS.length} Google faults, through the whole run`, async () => {
  const matrix = await makeMatrix(ctx);
  await matrix.begin(reader(await start(0)), googleCompany(0).goal);
  let turn: 0 | 1 = 0;
  let met = 0;
  for (const cell of chosen(GOOGLE_CELLS)) {
    turn = turn === 0 ? 1 : 0;
    const now = turn;
    const server = await start(now, optionsOf(cell));
    const whole = await startFakeGoogle(googleCompany(now));
    try {
      await matrix.meet({
        what: `${cell.phase} ${cell.page}: ${cell.what}`,
        fault: { connector: reader(server, cell.settings) },
        whole: () => reader(whole),
        goal: googleCompany(now).goal,
        ends: cell.ends,
      });
      // The faults of lists do nothing to some pages, and a short patience may end before its place; all others were met.
      const mayBeMissed = FAULTS.lists.some((kind) => kind === cell.kind) || cell.settings?.answerSeconds !== undefined;
      if (cell.kind && !mayBeMissed)
        expect(server.faults, `${cell.phase} ${cell.page}: ${cell.what}`).toBeGreaterThan(0);
      await until("no connection is left", 60, async () => (await server.connections()) === 0);
      met += 1;
    } finally {
      await whole.stop();
    }
  }
  expect(met).toBe(chosen(GOOGLE_CELLS).length);
}, 3_600_000);
