import { ACCESS } from "./access.ts";
import { COMING_IN } from "./coming-in.ts";
import type { Lists } from "./list.ts";
import { PEOPLE } from "./people.ts";
import { RECORDS } from "./records.ts";

/** Every list of the API, by its operation: a list that is not here fails the bench. */
export const LISTS: Lists = { ...PEOPLE, ...ACCESS, ...COMING_IN, ...RECORDS };
