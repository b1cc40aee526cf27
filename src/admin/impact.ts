import { z } from "zod";
import { idOut } from "./fields.ts";
import { seatUseAnswer } from "./seats.ts";
import { role } from "./words.ts";

const standing = z.object({ role: role.nullable(), allowed: z.boolean() });
const move = { site: z.string(), product: z.string(), from: standing, to: standing };
const places = seatUseAnswer.pick({ seats: true, guests: true }).nullable();

/** What a change would do to people, seats and mailboxes: `total` of each, 100 at most by name. */
export const impactAnswer = z
  .object({
    access: z.object({
      total: z.int(),
      /** People who have something to use now and would have nothing. */
      lostLast: z.int(),
      becoming: z.array(z.object({ ...move, people: z.int() })),
      named: z.array(z.object({ user: z.object({ id: idOut, userName: z.string() }), ...move })),
    }),
    seats: z.array(z.object({ site: z.string(), product: z.string(), before: places, after: places })),
    mails: z.object({
      total: z.int(),
      named: z.array(z.object({ id: idOut, kind: z.string(), to: z.string(), subject: z.string() })),
    }),
  })
  .meta({ id: "Impact" });
