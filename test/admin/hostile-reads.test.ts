import { routes } from "../../src/admin/routes.ts";
import { tryRoutes } from "./hostile.ts";

await tryRoutes(routes.filter(({ method }) => method === "GET"));
