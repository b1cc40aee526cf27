/** `npm test` runs a tenth of every long loop; `.ci/run` sets MUSTER_TEST_SCALE=1 for the full count. */
const scale = Number(process.env.MUSTER_TEST_SCALE ?? "0.1");

/** Whether every loop runs whole, and every test on surroundings of its own. */
export const whole = scale >= 1;

/** How often a loop that the issue wants `full` times runs here: at least once. */
export function scaled(full: number): number {
  return Math.max(1, Math.round(full * scale));
}

/** The seed of every random loop: from MUSTER_TEST_SEED, else fixed, so that a failure can be repeated. */
export const seed = Number(process.env.MUSTER_TEST_SEED ?? "20260101");

/**
 * Where each of many cases is shown in `turns` ways, `turn` being the one from 0: all of them where loops run whole, else each
 * in one of the ways, which the seed says.
 */
export function inTurn<Case>(cases: readonly Case[], turn: number, turns: number): readonly Case[] {
  return whole ? cases : cases.filter((_, place) => (place + seed) % turns === turn);
}
