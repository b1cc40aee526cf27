import { ScriptedDirectory } from "../harness/scripted-directory.ts";

/** What the directory said first; `leavers` come back in `after`, so that tombstones are restored too. */
export function before(): ScriptedDirectory {
  const source = leavers();
  return source.user("back", { userName: "back" }).group("returning", ["back", "a"], ["staff"]);
}

/** What it said then. */
export function leavers(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  for (const id of ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) source.user(id);
  return source.group("staff", ["a", "b", "c", "d"], ["writers"]).group("writers", ["e", "f"]).group("closing", ["g"]);
}

/** What it says in the run that is killed: something for every step of a plan. */
export function after(): ScriptedDirectory {
  return leavers()
    .remove("j", "closing")
    .user("a", { userName: "b" })
    .user("b", { userName: "a" })
    .user("c", { displayName: "Changed" })
    .user("d", { active: false })
    .user("back", { userName: "back", displayName: "Back" })
    .user("new")
    .group("staff", ["a", "c", "back", "new"], ["fresh"], "Staff")
    .group("fresh", ["new"])
    .group("returning", ["back"], []);
}
