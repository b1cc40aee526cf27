import { administrators } from "./en/administrators.ts";
import { audit } from "./en/audit.ts";
import { diagnostics } from "./en/diagnostics.ts";
import { directories } from "./en/directories.ts";
import { groups } from "./en/groups.ts";
import { guests } from "./en/guests.ts";
import { invitations } from "./en/invitations.ts";
import { invite } from "./en/invite.ts";
import { links } from "./en/links.ts";
import { mail } from "./en/mail.ts";
import { me } from "./en/me.ts";
import { overview } from "./en/overview.ts";
import { products } from "./en/products.ts";
import { requests } from "./en/requests.ts";
import { runs } from "./en/runs.ts";
import { scim } from "./en/scim.ts";
import { settings } from "./en/settings.ts";
import { setup } from "./en/setup.ts";
import { shared } from "./en/shared.ts";
import { shell } from "./en/shell.ts";
import { signIn } from "./en/sign-in.ts";
import { signUp } from "./en/sign-up.ts";
import { status } from "./en/status.ts";
import { templates } from "./en/templates.ts";
import { user } from "./en/user.ts";
import { users } from "./en/users.ts";
import { webhooks } from "./en/webhooks.ts";

/** English: the catalogue that every other has to match, an area a screen. */
export const en = {
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
} as const;
