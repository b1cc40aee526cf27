import {
  IconAddressBook,
  IconBuilding,
  IconChecklist,
  IconFileText,
  IconGauge,
  IconHistory,
  IconKey,
  IconLink,
  IconMail,
  IconMailForward,
  IconPackage,
  IconPlugConnected,
  IconRefresh,
  IconSettings,
  IconStethoscope,
  IconUserCheck,
  IconUserHeart,
  IconUsersGroup,
  IconWebhook,
} from "@tabler/icons-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { ScreenPath } from "../../paths.ts";
import type { Operation } from "../api/call.ts";
import type { TextKey } from "../texts/texts.ts";

export type Screen = {
  path: ScreenPath;
  title: TextKey;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  section: "people" | "products" | "sources" | "operation" | null;
  /** Without the right to this the screen is left out of the navigation; Diagnostics lists it with the reason. */
  needs: Operation;
  /** The page of docs/ that explains it, without `.md`. */
  help: string;
  component: LazyExoticComponent<ComponentType>;
};

function screen<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

/** Every screen, in the order of the navigation. A path may go on behind its first part. */
export const SCREEN_TABLE: readonly Screen[] = [
  {
    path: "overview",
    title: "overview.title",
    icon: IconGauge,
    section: null,
    needs: "me.get",
    help: "access",
    component: screen(() => import("../screens/overview/overview-screen.tsx"), "OverviewScreen"),
  },
  {
    path: "users",
    title: "users.title",
    icon: IconAddressBook,
    section: "people",
    needs: "users.list",
    help: "people",
    component: screen(() => import("../screens/users/users-screen.tsx"), "UsersScreen"),
  },
  {
    path: "invitations",
    title: "invitations.title",
    icon: IconMailForward,
    section: "people",
    needs: "invitations.list",
    help: "invitations",
    component: screen(() => import("../screens/invitations/invitations-screen.tsx"), "InvitationsScreen"),
  },
  {
    path: "links",
    title: "links.title",
    icon: IconLink,
    section: "people",
    needs: "links.list",
    help: "invitations",
    component: screen(() => import("../screens/links/links-screen.tsx"), "LinksScreen"),
  },
  {
    path: "requests",
    title: "requests.title",
    icon: IconUserCheck,
    section: "people",
    needs: "requests.list",
    help: "invitations",
    component: screen(() => import("../screens/requests/requests-screen.tsx"), "RequestsScreen"),
  },
  {
    path: "guests",
    title: "guests.title",
    icon: IconUserHeart,
    section: "people",
    needs: "guests.list",
    help: "guests",
    component: screen(() => import("../screens/guests/guests-screen.tsx"), "GuestsScreen"),
  },
  {
    path: "groups",
    title: "groups.title",
    icon: IconUsersGroup,
    section: "products",
    needs: "groups.list",
    help: "access",
    component: screen(() => import("../screens/groups/groups-screen.tsx"), "GroupsScreen"),
  },
  {
    path: "products",
    title: "products.title",
    icon: IconPackage,
    section: "products",
    needs: "products.list",
    help: "access",
    component: screen(() => import("../screens/products/products-screen.tsx"), "ProductsScreen"),
  },
  {
    path: "sign-up",
    title: "signUp.title",
    icon: IconBuilding,
    section: "products",
    needs: "signUp.get",
    help: "invitations",
    component: screen(() => import("../screens/sign-up/sign-up-screen.tsx"), "SignUpScreen"),
  },
  {
    path: "directories",
    title: "directories.title",
    icon: IconPlugConnected,
    section: "sources",
    needs: "directories.list",
    help: "directories/README",
    component: screen(() => import("../screens/directories/directories-screen.tsx"), "DirectoriesScreen"),
  },
  {
    path: "runs",
    title: "runs.title",
    icon: IconRefresh,
    section: "sources",
    needs: "runs.list",
    help: "directories/runs",
    component: screen(() => import("../screens/runs/runs-screen.tsx"), "RunsScreen"),
  },
  {
    path: "scim-requests",
    title: "scim.title",
    icon: IconChecklist,
    section: "sources",
    needs: "directories.list",
    help: "idp/index",
    component: screen(() => import("../screens/scim/scim-screen.tsx"), "ScimScreen"),
  },
  {
    path: "mail",
    title: "mail.title",
    icon: IconMail,
    section: "operation",
    needs: "mails.list",
    help: "mail",
    component: screen(() => import("../screens/mail/mail-screen.tsx"), "MailScreen"),
  },
  {
    path: "templates",
    title: "templates.title",
    icon: IconFileText,
    section: "operation",
    needs: "mailTexts.list",
    help: "mail",
    component: screen(() => import("../screens/templates/templates-screen.tsx"), "TemplatesScreen"),
  },
  {
    path: "webhooks",
    title: "webhooks.title",
    icon: IconWebhook,
    section: "operation",
    needs: "webhooks.list",
    help: "webhooks",
    component: screen(() => import("../screens/webhooks/webhooks-screen.tsx"), "WebhooksScreen"),
  },
  {
    path: "audit",
    title: "audit.title",
    icon: IconHistory,
    section: "operation",
    needs: "audit.list",
    help: "operations",
    component: screen(() => import("../screens/audit/audit-screen.tsx"), "AuditScreen"),
  },
  {
    path: "administrators",
    title: "administrators.title",
    icon: IconKey,
    section: "operation",
    needs: "rights.list",
    help: "rights",
    component: screen(() => import("../screens/administrators/administrators-screen.tsx"), "AdministratorsScreen"),
  },
  {
    path: "settings",
    title: "settings.title",
    icon: IconSettings,
    section: "operation",
    needs: "settings.get",
    help: "settings",
    component: screen(() => import("../screens/settings/settings-screen.tsx"), "SettingsScreen"),
  },
  {
    path: "diagnostics",
    title: "diagnostics.title",
    icon: IconStethoscope,
    section: "operation",
    needs: "me.get",
    help: "operations",
    component: screen(() => import("../screens/diagnostics/diagnostics-screen.tsx"), "DiagnosticsScreen"),
  },
];
