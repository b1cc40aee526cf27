import { checkRoutes } from "./check.ts";
import { eventRoutes } from "./events.ts";
import { openApiRoutes } from "./openapi/routes.ts";
import { productRoutes } from "./products.ts";
import type { Route } from "./route.ts";
import { scimRequestRoutes } from "./scim-requests.ts";
import { userRoutes } from "./users.ts";

/** Every operation of the administration API. */
export const routes: readonly Route[] = [
  ...userRoutes,
  ...checkRoutes,
  ...productRoutes,
  ...eventRoutes,
  ...scimRequestRoutes,
  ...openApiRoutes(() => routes),
];
