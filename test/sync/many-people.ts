import { ScriptedDirectory } from "../harness/scripted-directory.ts";

export const PEOPLE = 6_100;
export const nameOf = (number: number): string => `p${String(number).padStart(4, "0")}`;

/** More people than three parts have, and twice as many memberships. */
export function crowd(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  source.pageSize = 1_000;
  for (let number = 0; number < PEOPLE; number++)
    source.user(nameOf(number), { active: number % 10 !== 0, displayName: `Zoë ${number}` });
  const all = [...source.users.keys()];
  return source
    .group("everybody", all)
    .group(
      "even",
      all.filter((_, place) => place % 2 === 0),
    )
    .group("few", all.slice(0, 3));
}
