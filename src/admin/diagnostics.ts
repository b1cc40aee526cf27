import { z } from "zod";
import { diagnostics } from "../identity/diagnostics.ts";
import { PERMISSIONS } from "../identity/rights/permissions.ts";
import { idOut, instant } from "./fields.ts";
import { route } from "./route.ts";
import { permission } from "./scope.ts";

const counts = z.record(z.string(), z.int());
const known = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.number())]);

const run = z.object({
  state: z.string(),
  mode: z.string(),
  lane: z.string(),
  trigger: z.string(),
  complete: z.boolean(),
  counts,
  heldBy: z.array(z.string()),
  failed: z.boolean(),
  startedAt: z.string().meta({ format: "date-time" }),
  finishedAt: z.string().meta({ format: "date-time" }).nullable(),
});

const answer = z
  .object({
    generatedAt: instant,
    versions: z.object({ muster: z.string(), node: z.string(), postgresql: z.string(), platform: z.string() }),
    caller: z.object({
      kind: z.string(),
      permissions: z.array(z.object({ permission, everywhere: z.boolean() })).max(PERMISSIONS.length),
    }),
    configuration: z.record(z.string(), z.union([known, z.record(z.string(), known)])),
    organization: z.record(z.string(), known),
    directories: z.array(
      z.object({
        id: idOut,
        kind: z.string(),
        position: z.int(),
        permissions: z.string(),
        domainPolicy: z.boolean(),
        firstRun: z.string(),
        syncEvery: z.int().nullable(),
        profile: z.string(),
        hasSecret: z.boolean(),
        people: z.int(),
        groups: z.int(),
        runs: z.array(run),
      }),
    ),
    products: z.array(
      z.object({
        id: idOut,
        hasGuests: z.boolean(),
        seats: z.int().nullable(),
        seatEnforcement: z.string(),
        guestBasis: z.string(),
        guestRatio: z.int(),
        guestEnforcement: z.string(),
        access: counts,
      }),
    ),
    counts: z.record(z.string(), counts),
  })
  .meta({ id: "Diagnostics" });

/** `/diagnostics`: the state of the organization for whoever helps, without names, addresses and secrets. R22. */
export const diagnosticsRoutes = [
  route({
    id: "diagnostics.get",
    method: "GET",
    path: "/diagnostics",
    summary: "Show versions, settings, states and figures for support; no names, addresses or secrets",
    guard: { permission: "settings:read" },
    answer,
    madeAt: "generatedAt",
    read: (db, { ctx, caller }) => diagnostics(db, ctx.config, { kind: caller.actor.kind, held: caller.held }),
  }),
];
