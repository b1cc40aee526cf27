import { accessRequestRoutes } from "./access-requests.ts";
import { auditRoutes } from "./audit.ts";
import { bulkJobRoutes } from "./bulk-jobs.ts";
import { capabilityRoutes } from "./capabilities.ts";
import { checkRoutes } from "./check.ts";
import { defaultGroupRoutes } from "./default-groups.ts";
import { diagnosticsRoutes } from "./diagnostics.ts";
import { directoryRoutes } from "./directories.ts";
import { directoryOrderRoutes } from "./directory-order.ts";
import { directoryRemoveRoutes } from "./directory-remove.ts";
import { directorySwitchRoutes } from "./directory-switch.ts";
import { directoryTestRoutes } from "./directory-test.ts";
import { directoryTokenRoutes } from "./directory-tokens.ts";
import { eventRoutes } from "./events.ts";
import { exportRoutes } from "./exports.ts";
import { grantRoutes } from "./grants.ts";
import { groupRoutes } from "./groups.ts";
import { guestPolicyRoutes } from "./guest-policy.ts";
import { guestRoutes } from "./guests.ts";
import { invitationImportRoutes } from "./invitation-imports.ts";
import { invitationRoutes } from "./invitations.ts";
import { jobRoutes } from "./jobs.ts";
import { linkRoutes } from "./links.ts";
import { mailTextRoutes } from "./mail-texts.ts";
import { mailRoutes } from "./mails.ts";
import { meRoutes } from "./me.ts";
import { offBoardingRoutes } from "./off-boarding.ts";
import { openApiRoutes } from "./openapi/routes.ts";
import { presetRoutes } from "./presets.ts";
import { productRoutes } from "./products.ts";
import { rightRoutes } from "./rights.ts";
import type { Route } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { scimRequestRoutes } from "./scim-requests.ts";
import { seatRoutes } from "./seats.ts";
import { settingsRoutes } from "./settings.ts";
import { ownCredentialRoutes } from "./sign-in/own-credentials.ts";
import { sessionRoutes } from "./sign-in/session.ts";
import { setupRoutes } from "./sign-in/setup.ts";
import { singleSignOnRoutes } from "./sign-in/single-sign-on.ts";
import { singleSignOnSettingRoutes } from "./sign-in/single-sign-on-settings.ts";
import { signUpRoutes } from "./sign-up.ts";
import { siteRoutes } from "./sites.ts";
import { spaceRoutes } from "./spaces.ts";
import { tokenRoutes } from "./tokens.ts";
import { userAddressRoutes } from "./user-addresses.ts";
import { userMergeRoutes } from "./user-merges.ts";
import { userRepairRoutes } from "./user-repairs.ts";
import { userToldRoutes } from "./user-told.ts";
import { userVerbRoutes } from "./user-verbs.ts";
import { userRoutes } from "./users.ts";
import { webhookDeliveryRoutes } from "./webhook-deliveries.ts";
import { webhookRoutes } from "./webhooks.ts";
import { whyAccessRoutes } from "./why-access.ts";

/** Every operation of the administration API. */
export const routes: readonly Route[] = [
  ...userMergeRoutes,
  ...userRepairRoutes,
  ...userRoutes,
  ...whyAccessRoutes,
  ...diagnosticsRoutes,
  ...userAddressRoutes,
  ...userVerbRoutes,
  ...offBoardingRoutes,
  ...userToldRoutes,
  ...checkRoutes,
  ...productRoutes,
  ...defaultGroupRoutes,
  ...guestPolicyRoutes,
  ...seatRoutes,
  ...eventRoutes,
  ...scimRequestRoutes,
  ...auditRoutes,
  ...directoryOrderRoutes,
  ...directoryRoutes,
  ...directoryRemoveRoutes,
  ...directoryTestRoutes,
  ...directorySwitchRoutes,
  ...directoryTokenRoutes,
  ...grantRoutes,
  ...groupRoutes,
  ...guestRoutes,
  ...invitationRoutes,
  ...invitationImportRoutes,
  ...linkRoutes,
  ...accessRequestRoutes,
  ...signUpRoutes,
  ...mailRoutes,
  ...mailTextRoutes,
  ...runRoutes,
  ...settingsRoutes,
  ...presetRoutes,
  ...siteRoutes,
  ...spaceRoutes,
  ...bulkJobRoutes,
  ...jobRoutes,
  ...exportRoutes,
  ...webhookRoutes,
  ...webhookDeliveryRoutes,
  ...rightRoutes,
  ...tokenRoutes,
  ...meRoutes,
  ...sessionRoutes,
  ...ownCredentialRoutes,
  ...setupRoutes,
  ...singleSignOnRoutes,
  ...singleSignOnSettingRoutes,
  ...capabilityRoutes(() => routes),
  ...openApiRoutes(() => routes),
];
