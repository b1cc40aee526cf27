import { randomUUID } from "node:crypto";
import type { Router } from "express";
import { describe, expect, it } from "vitest";
import type { Route } from "../../src/admin/route.ts";
import { adminRouter } from "../../src/admin/router.ts";
import { routes } from "../../src/admin/routes.ts";
import type { Permission } from "../../src/identity/rights/permissions.ts";
import { ACTORS, type ActorName, makeActors, makePlaces } from "./actors.ts";
import { OF_SESSIONS, requestsNear } from "./placed-requests.ts";
import type { Fixture } from "./requests.ts";
import { TABLE } from "./rights-table.ts";
import { type Answer, apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const company = await makeCompany(api, "acme");
const places = await makePlaces(api, company);
const near = await requestsNear(api, company, places);
const credentials = await makeActors(api, company, places.productToken);

function permissionOf({ guard }: Route): Permission | null {
  return typeof guard === "string" ? null : guard.permission;
}

function send(route: Route, actor: ActorName, { path, body }: Fixture): Promise<Answer> {
  const dry = route.method === "GET" || "open" in route ? "" : `${path.includes("?") ? "&" : "?"}dryRun=true`;
  return api.ask(route.method, path + dry, { ...credentials(actor, permissionOf(route)), body });
}

/** What the caller cannot tell apart: the id of each request aside. */
function told({ status, text, body }: Answer): string {
  return `${status} ${text.replaceAll(body?.requestId ?? "-", "")}`;
}

function isNoPart({ status, body }: Answer): boolean {
  return status === 401 || (status === 403 && body.code === "not-allowed") || body?.detail === "a token has no session";
}

describe("the table", () => {
  it("has exactly one line for every operation that is served", () => {
    expect([...TABLE.keys()].sort()).toEqual(routes.map((route) => route.id).sort());
    expect(new Set(routes.map((route) => route.id)).size).toBe(routes.length);
  });

  it("has every path and method that is mounted, none besides them", () => {
    const mounted = mountedIn(adminRouter(api.ctx));
    expect(mounted.length).toBeGreaterThan(80);
    expect(mounted).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`).sort(),
    );
  });

  it("gives nobody more than the organization's administrators, and the anonymous nothing but what is open", () => {
    for (const [operation, cells] of TABLE) {
      const open = routes.some((route) => route.id === operation && route.guard === "anyone");
      expect([cells.get("organization-administrator"), cells.get("break-glass")], operation).toEqual(["yes", "yes"]);
      expect([cells.get("anonymous"), cells.get("scim-token")], operation).toEqual(Array(2).fill(open ? "yes" : "no"));
    }
  });
});

type Stack = { route?: { path: string; methods: Record<string, boolean> }; handle: { stack?: Stack[] } };

/** What Express really has, below a router. */
function mountedIn(router: Router): string[] {
  const walk = (stack: readonly Stack[]): string[] =>
    stack.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods)
            .filter((method) => method !== "_all")
            .map((method) => `${method.toUpperCase()} ${route.path}`)
        : handle.stack
          ? walk(handle.stack)
          : [],
    );
  return walk(router.stack as unknown as Stack[]).sort();
}

const closed = routes.filter((route) => !("open" in route));
const open = routes.filter((route) => "open" in route);

describe("every cell, asked over HTTP", () => {
  it.each(closed.map((route) => [route.id, route] as const))("%s", async (id, route) => {
    const request = near.of(id);
    const far = near.far(request);
    const unknown = near.unknown(request, () => randomUUID());
    const moved = JSON.stringify(far) !== JSON.stringify(request);
    for (const actor of ACTORS) {
      const cell = TABLE.get(id)?.get(actor);
      const what = `${id} by ${actor} is ${cell}`;
      const here = await send(route, actor, request);
      const there = moved ? await send(route, actor, far) : here;
      if (cell === "no") {
        for (const answer of [here, there]) {
          // What is shown to some and not to this one is as if it were not there.
          if (route.guard === "known" && answer.status === 404 && !isNoPart(answer))
            expect(told(answer), what).toBe(told(await send(route, actor, near.nowhere(request))));
          else expect(isNoPart(answer), `${what}: ${told(answer)}`).toBe(true);
        }
        continue;
      }
      if (id in OF_SESSIONS) {
        // What the caller's own session then says of it is not about rights.
        expect([isNoPart(here), here.status >= 500], `${what}: ${told(here)}`).toEqual([false, false]);
        continue;
      }
      expect(here.status, `${what}, near: ${told(here)}`).toBeLessThan(300);
      if (cell === "yes") {
        // It may clash with what stands there; but nothing of it is hidden.
        expect([401, 403, 404].includes(there.status), `${what}, far: ${told(there)}`).toBe(false);
        continue;
      }
      if (moved) {
        expect([403, 404], what).toContain(there.status);
        const nowhere = near.alike(await send(route, actor, unknown).then(told));
        expect(near.alike(told(there)), `${what}: as what does not exist`).toBe(nowhere);
      } else expect(near.namesFar(here.text), `${what}: shows what is far`).toEqual([]);
    }
  });

  it.each(open.map((route) => [route.id, route] as const))("%s is the same for everybody", async (id, route) => {
    expect(new Set(TABLE.get(id)?.values())).toEqual(new Set(["yes"]));
    const request = near.open(id);
    const answers = new Set<string>();
    for (const actor of ACTORS) answers.add(told(await send(route, actor, request)));
    expect([...answers]).toHaveLength(1);
  });
});
