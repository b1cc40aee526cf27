import { MusterError } from "../errors.ts";

/** Seconds between two reads of a directory, of everything or of what changed. */
export const INTERVAL = { min: 60, max: 31_536_000 } as const;

type Schedule = { syncEvery: number | null; deltaEvery: number | null };

/** Why a directory is not read as often as that, in one sentence; undefined: it can be. */
export function intervalFault(seconds: number): string | undefined {
  if (seconds >= INTERVAL.min && seconds <= INTERVAL.max) return undefined;
  return "a directory is read once a minute at most and once in 365 days at least, as in 60m";
}

/**
 * A delta proves no absence: only full runs do, so there must be some.
 * @param given what is to change; an older interval that was never allowed keeps nothing else from being changed.
 * @param wanted the whole schedule as it would be then.
 * @throws MusterError `invalid`.
 */
export function refuseUnfitSchedule(given: Partial<Schedule>, wanted: Schedule): void {
  for (const at of ["syncEvery", "deltaEvery"] as const) {
    const fault = intervalFault(given[at] ?? INTERVAL.min);
    if (fault !== undefined) throw new MusterError("invalid", fault, { at });
  }
  const { syncEvery, deltaEvery } = wanted;
  if (deltaEvery !== null && (syncEvery === null || deltaEvery >= syncEvery))
    throw new MusterError(
      "invalid",
      "what changed is read between full runs that confirm it: deltaEvery must be less than syncEvery",
      { at: "deltaEvery" },
    );
}
