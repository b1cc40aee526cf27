import { adminRouter } from "../admin/router.ts";
import type { Door } from "../http/app.ts";
import { pagesRouter } from "../pages/router.ts";
import { scimRouter } from "../scim/router.ts";

/** Everything that is served over HTTP, in the order in which paths are tried. */
export const doors: readonly Door[] = [
  { path: "/scim/v2", router: scimRouter },
  { path: "/api/v1", router: adminRouter },
  { path: "/", router: pagesRouter },
];
