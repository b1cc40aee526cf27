import type { PulledGroup, PulledUser } from "../connector.ts";
import { note } from "../oddities.ts";
import { faultAt, type Place, placeText } from "./place.ts";
import type { Row } from "./rows.ts";
import type { CsvSettings } from "./settings.ts";
import { remember, type Snapshot } from "./snapshot.ts";

const ACTIVE: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  active: true,
  false: false,
  no: false,
  "0": false,
  inactive: false,
};

/** A person as Muster wants them, or null, and noted, when the row has no user name. Space around a text is no part of it. */
export function pulledUser(
  { line, cells }: Row<keyof CsvSettings["columns"]["users"]>,
  file: string,
  columns: CsvSettings["columns"]["users"],
  snapshot: Snapshot,
): PulledUser | null {
  const at = (key: keyof typeof columns): Place => ({ file, line, column: columns[key] ?? key });
  const id = remember(snapshot.users, cells.id, at("id"));
  const userName = textOf(cells.userName);
  if (userName === null) {
    snapshot.withheld.add(id);
    note(snapshot, {
      code: "no-user-name",
      location: placeText({ file, line }),
      detail: `has no ${columns.userName}`,
      id,
    });
    return null;
  }
  return {
    id,
    userName,
    active: isActive(cells.active, at("active")),
    email: textOf(cells.email),
    displayName: textOf(cells.displayName),
    givenName: textOf(cells.givenName),
    familyName: textOf(cells.familyName),
    location: placeText({ file, line }),
  };
}

export function pulledGroup(
  { line, cells }: Row<keyof CsvSettings["columns"]["groups"]>,
  file: string,
  columns: CsvSettings["columns"]["groups"],
  snapshot: Snapshot,
): PulledGroup {
  const id = remember(snapshot.groups, cells.id, { file, line, column: columns.id });
  const name = textOf(cells.name);
  if (name === null) throw faultAt({ file, line, column: columns.name }, "the group has no name");
  return { id, name, location: placeText({ file, line }) };
}

/** Nobody is switched on or off by a word that may mean something else. */
function isActive(cell: string | null, place: Place): boolean {
  if (cell === null) return true;
  const word = cell.trim().toLowerCase();
  const active = Object.hasOwn(ACTIVE, word) ? ACTIVE[word] : undefined;
  if (active === undefined) throw faultAt(place, `is none of ${Object.keys(ACTIVE).join(", ")}`);
  return active;
}

function textOf(cell: string | null): string | null {
  return cell?.trim() || null;
}
