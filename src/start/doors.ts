import { docsRouter } from "../admin/docs/router.ts";
import { adminRouter } from "../admin/router.ts";
import { consoleRouter } from "../console/router.ts";
import type { Door } from "../http/app.ts";
import { pageErrors, pagesRouter } from "../pages/router.ts";
import { unreadable } from "../scim/errors.ts";
import { oauthErrors } from "../scim/oauth/errors.ts";
import { oauthMetadataRouter } from "../scim/oauth/metadata.ts";
import { oauthRouter } from "../scim/oauth/router.ts";
import { scimErrors, scimRouter } from "../scim/router.ts";

/** Everything that is served over HTTP, in the order in which paths are tried. */
export const doors: readonly Door[] = [
  { path: "/scim", router: scimRouter, errors: scimErrors, unreadable },
  { path: "/oauth", router: oauthRouter, errors: oauthErrors },
  { path: "/.well-known/oauth-authorization-server", router: oauthMetadataRouter },
  { path: "/api/v1", router: adminRouter },
  { path: "/docs", router: docsRouter },
  { path: "/", router: consoleRouter },
  { path: "/", router: pagesRouter, errors: pageErrors },
];
