import fc from "fast-check";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";

type Entry = { name: string; active: boolean; mail: string };
/** What a directory says at one time: people and groups by id, members by index. */
export type Snapshot = {
  people: Record<string, Entry>;
  groups: Record<string, { name: string; people: string[]; groups: string[] }>;
};

const ids = ["1", "2", "3", "4", "5", "6"];
const groupIds = ["g1", "g2", "g3"];

/** Few ids, names and addresses, so that swaps, chains, twins and recycled names are common. */
export const snapshot = (names: fc.Arbitrary<string>): fc.Arbitrary<Snapshot> =>
  fc.record({
    people: fc.dictionary(
      fc.constantFrom(...ids),
      fc.record({ name: names, active: fc.boolean(), mail: fc.constantFrom("a@x.org", "b@x.org", "c@x.org") }),
    ),
    groups: fc.dictionary(
      fc.constantFrom(...groupIds),
      fc.record({
        name: fc.constantFrom("red", "Red", "blue"),
        people: fc.subarray(ids),
        groups: fc.subarray(groupIds),
      }),
    ),
  });

export function directoryOf({ people, groups }: Snapshot): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (const [id, entry] of Object.entries(people))
    source.user(id, { userName: entry.name, active: entry.active, email: entry.mail, displayName: null });
  for (const [id, group] of Object.entries(groups))
    source.group(
      id,
      group.people.filter((person) => people[person] !== undefined),
      group.groups.filter((child) => groups[child] !== undefined),
      group.name,
    );
  return source;
}
