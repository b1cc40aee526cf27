import type { ScreenPath } from "../../paths.ts";
import type { Operation } from "../api/call.ts";
import type { TextKey } from "../texts/texts.ts";

export type ScreenName = {
  path: ScreenPath;
  title: TextKey;
  /** Without the right to this the screen is left out of the navigation; Diagnostics lists it with the reason. */
  needs: Operation;
};

/** Every screen, in the order of the navigation. */
export const SCREEN_NAMES: readonly ScreenName[] = [
  { path: "overview", title: "overview.title", needs: "me.get" },
  { path: "users", title: "users.title", needs: "users.list" },
  { path: "invitations", title: "invitations.title", needs: "invitations.list" },
  { path: "links", title: "links.title", needs: "links.list" },
  { path: "requests", title: "requests.title", needs: "requests.list" },
  { path: "guests", title: "guests.title", needs: "guests.list" },
  { path: "groups", title: "groups.title", needs: "groups.list" },
  { path: "products", title: "products.title", needs: "products.list" },
  { path: "sign-up", title: "signUp.title", needs: "signUp.get" },
  { path: "directories", title: "directories.title", needs: "directories.list" },
  { path: "runs", title: "runs.title", needs: "runs.list" },
  { path: "scim-requests", title: "scim.title", needs: "directories.list" },
  { path: "mail", title: "mail.title", needs: "mails.list" },
  { path: "templates", title: "templates.title", needs: "mailTexts.list" },
  { path: "webhooks", title: "webhooks.title", needs: "webhooks.list" },
  { path: "audit", title: "audit.title", needs: "audit.list" },
  { path: "administrators", title: "administrators.title", needs: "rights.list" },
  { path: "settings", title: "settings.title", needs: "settings.get" },
  { path: "diagnostics", title: "diagnostics.title", needs: "me.get" },
];
