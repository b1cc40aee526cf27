/** What happened to each thing that the file names. */
export type Outcome = "created" | "updated" | "unchanged" | "removed";

export type Tally = { counts: Record<Outcome, number>; lines: string[]; note(outcome: Outcome, what: string): void };

const SIGNS: Record<Outcome, string> = { created: "+", updated: "~", unchanged: "=", removed: "-" };

/** Made anew for every attempt of a transaction, so that nothing is counted twice. */
export function newTally(): Tally {
  const counts = { created: 0, updated: 0, unchanged: 0, removed: 0 };
  const lines: string[] = [];
  return {
    counts,
    lines,
    note: (outcome, what) => {
      counts[outcome]++;
      if (outcome !== "unchanged") lines.push(`${SIGNS[outcome]} ${what}`);
    },
  };
}

export function updatedIf(changed: boolean): Outcome {
  return changed ? "updated" : "unchanged";
}
