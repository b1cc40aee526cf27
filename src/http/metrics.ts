import { type Request, type Response, Router } from "express";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Context } from "../context.ts";
import { OPERATING_FIGURES, type OperatingFigure, operatingFigures } from "../identity/operating-figures.ts";

export type Metrics = {
  /** Counts a request that has been answered, after so many seconds. */
  measure(request: Request, response: Response, seconds: number): void;
  router: Router;
};

/** Figures of this process for Prometheus. Labels are bounded: never an id, a path or a name from outside. */
export function makeMetrics(ctx: Context): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: "muster_http_request_duration_seconds",
    help: "Time from a request's first byte to the end of its answer.",
    labelNames: ["door", "method", "status"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  new Gauge({
    name: "muster_database_connections",
    help: "Connections of the application's pool.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      const { totalCount, idleCount, waitingCount } = ctx.db.pool;
      this.set({ state: "open" }, totalCount);
      this.set({ state: "idle" }, idleCount);
      this.set({ state: "waiting" }, waitingCount);
    },
  });
  addOperatingFigures(ctx, registry);
  const router = Router();
  router.get("/metrics", async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  return {
    router,
    measure: (request, response, seconds) =>
      duration.observe(
        { door: doorOf(request.originalUrl), method: methodOf(request.method), status: String(response.statusCode) },
        seconds,
      ),
  };
}

/** Milliseconds for which figures are told again, however many ask. */
const FRESH = 5_000;

/** What needs a look at the database; while that is away `muster_database_up` is 0 and the others are not told. */
function addOperatingFigures({ db }: Context, registry: Registry): void {
  let asked = Number.NEGATIVE_INFINITY;
  let figures: Promise<ReadonlyMap<OperatingFigure, number> | undefined> = Promise.resolve(undefined);
  const latest = (): typeof figures => {
    if (performance.now() - asked > FRESH) {
      asked = performance.now();
      figures = operatingFigures(db).catch(() => undefined);
    }
    return figures;
  };
  new Gauge({
    name: "muster_database_up",
    help: "1 while the database answers.",
    registers: [registry],
    async collect() {
      this.set((await latest()) === undefined ? 0 : 1);
    },
  });
  for (const [figure, help] of Object.entries(OPERATING_FIGURES) as [OperatingFigure, string][])
    new Gauge({
      name: `muster_${figure}`,
      help,
      registers: [registry],
      async collect() {
        const value = (await latest())?.get(figure);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
}

function doorOf(url: string): string {
  if (url.startsWith("/scim/")) return "scim";
  if (url.startsWith("/api/")) return "admin";
  return /^\/(livez|readyz|metrics)\b/.test(url) ? "health" : "pages";
}

function methodOf(method: string): string {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].includes(method) ? method : "other";
}
