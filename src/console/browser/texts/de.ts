import { administrators } from "./de/administrators.ts";
import { audit } from "./de/audit.ts";
import { diagnostics } from "./de/diagnostics.ts";
import { directories } from "./de/directories.ts";
import { groups } from "./de/groups.ts";
import { guests } from "./de/guests.ts";
import { invitations } from "./de/invitations.ts";
import { invite } from "./de/invite.ts";
import { links } from "./de/links.ts";
import { mail } from "./de/mail.ts";
import { me } from "./de/me.ts";
import { overview } from "./de/overview.ts";
import { products } from "./de/products.ts";
import { requests } from "./de/requests.ts";
import { runs } from "./de/runs.ts";
import { scim } from "./de/scim.ts";
import { settings } from "./de/settings.ts";
import { setup } from "./de/setup.ts";
import { shared } from "./de/shared.ts";
import { shell } from "./de/shell.ts";
import { signIn } from "./de/sign-in.ts";
import { signUp } from "./de/sign-up.ts";
import { status } from "./de/status.ts";
import { templates } from "./de/templates.ts";
import { user } from "./de/user.ts";
import { users } from "./de/users.ts";
import { webhooks } from "./de/webhooks.ts";
import type { Catalogue } from "./texts.ts";

/** German, an area a screen. */
export const de = {
  shared,
  shell,
  status,
  signIn,
  setup,
  me,
  overview,
  users,
  user,
  invitations,
  invite,
  links,
  requests,
  guests,
  groups,
  products,
  signUp,
  directories,
  runs,
  scim,
  mail,
  templates,
  webhooks,
  audit,
  administrators,
  settings,
  diagnostics,
} satisfies Catalogue;
