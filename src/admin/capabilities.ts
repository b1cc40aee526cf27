import { z } from "zod";
import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import type { Refusal } from "../identity/external-user-management.ts";
import { heldByAccount } from "../identity/rights/held.ts";
import { covers, holds, type Permission, type Target } from "../identity/rights/permissions.ts";
import { targetNamed } from "../identity/rights/scope.ts";
import { holdersOf } from "../identity/rights/who.ts";
import type { Caller } from "./caller.ts";
import { idOut, listOf, text, wholeList } from "./fields.ts";
import { refusalAnswer } from "./refusal.ts";
import { type Route, route } from "./route.ts";
import { bundle, permission, scopeOut } from "./scope.ts";

const capability = z.object({
  operation: z.string(),
  /** null: whoever is known may. */
  permission: permission.nullable(),
  /** For what `on` names, else for the whole organization. */
  allowed: z.boolean(),
  /** For anything at all. */
  anywhere: z.boolean(),
  /** The setting for which it is refused whoever asks; null: none. */
  refusal: refusalAnswer.nullable(),
});

/** Why not: the right is missing; it is for something else; the token is limited though its owner may; it is a product's. */
const reason = z.enum(["no-right", "elsewhere", "limited-token", "product-token"]);

const explained = capability.extend({
  missing: permission.nullable(),
  reason: reason.nullable(),
  heldBy: z.array(z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), bundle, scope: scopeOut })),
});

const ORGANIZATION: Target = { kind: "organization" };

/**
 * `/me/capabilities`: what the caller may do, and of one operation why not, and who could. R18 to R21. The routes that are
 * served are the only list of operations. @param routes all of them, this one included.
 */
export function capabilityRoutes(routes: () => readonly Route[]): Route[] {
  return [
    route({
      id: "me.capabilities",
      method: "GET",
      path: "/me/capabilities",
      summary: "Show what the caller may do; of one operation, why not and who could",
      guard: "known",
      query: z.strictObject({
        operation: z.string().max(200).optional(),
        /** `organization`, or what the operation is to be done to: `site:`, `product:` or `group:` and its id or key. */
        on: text(1_024).optional(),
      }),
      answer: z.union([explained.meta({ id: "Explanation" }), listOf(capability.meta({ id: "Capability" }))]),
      read: async (db, { caller, query: { operation, on } }) => {
        const target = on === undefined ? undefined : await targetNamed(db, on);
        const refusals = askedOnce(db);
        if (operation === undefined)
          return wholeList(await inTurn(routes(), (each) => capabilityOf(each, caller, on, target, refusals)));
        const found = routes().find((each) => each.id === operation);
        if (!found) throw new MusterError("not-found", "there is no such operation", { at: "operation" });
        return explain(db, found, caller, on, target, refusals);
      },
    }),
  ];
}

type Refusals = (route: Route) => Promise<Refusal | null>;

/** Many operations are refused for the same reason: each is looked up once a request. */
function askedOnce(db: Db): Refusals {
  const known = new Map<NonNullable<Route["refusal"]>, Refusal | null>();
  return async ({ refusal }) => {
    if (refusal === undefined) return null;
    const answer = known.has(refusal) ? known.get(refusal) : await refusal(db);
    known.set(refusal, answer ?? null);
    return answer ?? null;
  };
}

async function capabilityOf(
  route: Route,
  { held }: Caller,
  on: string | undefined,
  target: Target | undefined,
  refusals: Refusals,
) {
  const { id, guard } = route;
  const refusal = await refusals(route);
  if (typeof guard === "string") return { operation: id, permission: null, allowed: true, anywhere: true, refusal };
  const anywhere = holds(held, guard.permission);
  // What is not there is within nobody's reach but that of those who have the whole organization.
  const allowed = on === undefined && guard.anywhere ? anywhere : holds(held, guard.permission, target ?? ORGANIZATION);
  return { operation: id, permission: guard.permission as Permission, allowed, anywhere, refusal };
}

/** One after the other: they share a connection. */
async function inTurn<Each, Result>(all: readonly Each[], work: (each: Each) => Promise<Result>): Promise<Result[]> {
  const done: Result[] = [];
  for (const each of all) done.push(await work(each));
  return done;
}

async function explain(
  db: Db,
  found: Route,
  caller: Caller,
  on: string | undefined,
  target: Target | undefined,
  refusals: Refusals,
) {
  const capable = await capabilityOf(found, caller, on, target, refusals);
  if (capable.allowed || capable.permission === null) return { ...capable, missing: null, reason: null, heldBy: [] };
  const { permission: missing, anywhere } = capable;
  // Whoever has nothing to do with it learns no more of it than of what does not exist.
  const near = target && caller.held.some(({ scope }) => covers(scope, target)) ? target : ORGANIZATION;
  return {
    ...capable,
    missing,
    reason: await whyNot(db, caller, missing, near, anywhere),
    heldBy: caller.product === null ? await holdersOf(db, missing, near) : [],
  };
}

async function whyNot(
  db: Db,
  caller: Caller,
  missing: Permission,
  target: Target,
  anywhere: boolean,
): Promise<z.output<typeof reason>> {
  if (caller.product !== null) return "product-token";
  if (caller.account !== null && holds(await heldByAccount(db, caller.account), missing, target))
    return "limited-token";
  return anywhere ? "elsewhere" : "no-right";
}
