type Frame = { functionName: string; url: string; lineNumber: number };

/** A CPU profile as the inspector gives it: which node of the call tree was on top, and for how many microseconds. */
export type CpuProfile = {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
};

/** Shares of the time in which the process did anything, the largest first; self time alone. */
export type Profile = {
  /** How much of the time it did anything. */
  busy: number;
  places: Share[];
  functions: Share[];
};
export type Share = { name: string; share: number };

const FUNCTIONS = 20;

/**
 * Adds up self time by function, and by the part of the house or the package that asked for it: what Node and the
 * built-in functions do is the work of whoever called them.
 */
export function readProfile(profile: CpuProfile): Profile {
  const described = describeAll(profile.nodes);
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let whole = 0;
  let busy = 0;
  profile.samples.forEach((id, index) => {
    const time = Math.max(0, profile.timeDeltas[index] ?? 0);
    const { place, name } = described.get(id) ?? { place: "unknown", name: "unknown" };
    // Starting the profiler is not the server's own work.
    if (name.includes("node:inspector")) return;
    whole += time;
    if (name === "(idle)") return;
    busy += time;
    places.set(place, (places.get(place) ?? 0) + time);
    functions.set(name, (functions.get(name) ?? 0) + time);
  });
  return {
    busy: whole === 0 ? 0 : rounded(busy / whole),
    places: largest(places, busy, places.size),
    functions: largest(functions, busy, FUNCTIONS),
  };
}

function largest(times: ReadonlyMap<string, number>, all: number, count: number): Share[] {
  return [...times]
    .map(([name, time]) => ({ name, share: rounded(time / all) }))
    .sort((one, other) => other.share - one.share)
    .slice(0, count);
}

function rounded(share: number): number {
  return Number(share.toFixed(4));
}

type Described = { place: string; name: string };

/** Parents come before their children in a profile. */
function describeAll(nodes: CpuProfile["nodes"]): Map<number, Described> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const described = new Map<number, Described>();
  for (const { id, callFrame } of nodes) {
    const caller = described.get(parents.get(id) ?? -1);
    described.set(id, describe(callFrame, caller?.place ?? NODE));
  }
  return described;
}

const NODE = "Node";

function describe({ functionName, url, lineNumber }: Frame, caller: string): Described {
  const name = functionName || "(anonymous)";
  if (url === "") return { place: special(name) ?? caller, name: caller === NODE ? name : `${name} (for ${caller})` };
  if (url.startsWith("node:")) return { place: caller, name: `${name} ${url}:${lineNumber + 1}` };
  const found = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url);
  if (found) return { place: found[1] as string, name: `${name} ${found[1]}/${found[2]}:${lineNumber + 1}` };
  const file = /\/((?:src|connectors|migrations|test)\/[^?]+)$/.exec(url)?.[1] ?? url;
  return { place: file.split("/").slice(0, 2).join("/"), name: `${name} ${file}:${lineNumber + 1}` };
}

/** What nobody in JavaScript asked for. */
function special(name: string): string | undefined {
  if (name === "(garbage collector)") return "garbage collection";
  return name === "(program)" ? "native code" : undefined;
}
