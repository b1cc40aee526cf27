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
import { SCREEN_NAMES, type ScreenName } from "./screen-names.ts";

export type Screen = ScreenName & {
  icon: ComponentType<{ size?: number; stroke?: number }>;
  section: "people" | "products" | "sources" | "operation" | null;
  /** The page of docs/ that explains it, without `.md`. */
  help: string;
  component: LazyExoticComponent<ComponentType>;
};

type Place = Omit<Screen, "title" | "needs">;

function screen<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const PLACES: readonly Place[] = [
  {
    path: "overview",
    icon: IconGauge,
    section: null,
    help: "access",
    component: screen(() => import("../screens/overview/overview-screen.tsx"), "OverviewScreen"),
  },
  {
    path: "users",
    icon: IconAddressBook,
    section: "people",
    help: "people",
    component: screen(() => import("../screens/users/users-screen.tsx"), "UsersScreen"),
  },
  {
    path: "invitations",
    icon: IconMailForward,
    section: "people",
    help: "invitations",
    component: screen(() => import("../screens/invitations/invitations-screen.tsx"), "InvitationsScreen"),
  },
  {
    path: "links",
    icon: IconLink,
    section: "people",
    help: "invitations",
    component: screen(() => import("../screens/links/links-screen.tsx"), "LinksScreen"),
  },
  {
    path: "requests",
    icon: IconUserCheck,
    section: "people",
    help: "invitations",
    component: screen(() => import("../screens/requests/requests-screen.tsx"), "RequestsScreen"),
  },
  {
    path: "guests",
    icon: IconUserHeart,
    section: "people",
    help: "guests",
    component: screen(() => import("../screens/guests/guests-screen.tsx"), "GuestsScreen"),
  },
  {
    path: "groups",
    icon: IconUsersGroup,
    section: "products",
    help: "access",
    component: screen(() => import("../screens/groups/groups-screen.tsx"), "GroupsScreen"),
  },
  {
    path: "products",
    icon: IconPackage,
    section: "products",
    help: "access",
    component: screen(() => import("../screens/products/products-screen.tsx"), "ProductsScreen"),
  },
  {
    path: "sign-up",
    icon: IconBuilding,
    section: "products",
    help: "invitations",
    component: screen(() => import("../screens/sign-up/sign-up-screen.tsx"), "SignUpScreen"),
  },
  {
    path: "directories",
    icon: IconPlugConnected,
    section: "sources",
    help: "directories/README",
    component: screen(() => import("../screens/directories/directories-screen.tsx"), "DirectoriesScreen"),
  },
  {
    path: "runs",
    icon: IconRefresh,
    section: "sources",
    help: "directories/runs",
    component: screen(() => import("../screens/runs/runs-screen.tsx"), "RunsScreen"),
  },
  {
    path: "scim-requests",
    icon: IconChecklist,
    section: "sources",
    help: "idp/index",
    component: screen(() => import("../screens/scim/scim-screen.tsx"), "ScimScreen"),
  },
  {
    path: "mail",
    icon: IconMail,
    section: "operation",
    help: "mail",
    component: screen(() => import("../screens/mail/mail-screen.tsx"), "MailScreen"),
  },
  {
    path: "templates",
    icon: IconFileText,
    section: "operation",
    help: "mail",
    component: screen(() => import("../screens/templates/templates-screen.tsx"), "TemplatesScreen"),
  },
  {
    path: "webhooks",
    icon: IconWebhook,
    section: "operation",
    help: "webhooks",
    component: screen(() => import("../screens/webhooks/webhooks-screen.tsx"), "WebhooksScreen"),
  },
  {
    path: "audit",
    icon: IconHistory,
    section: "operation",
    help: "operations",
    component: screen(() => import("../screens/audit/audit-screen.tsx"), "AuditScreen"),
  },
  {
    path: "administrators",
    icon: IconKey,
    section: "operation",
    help: "rights",
    component: screen(() => import("../screens/administrators/administrators-screen.tsx"), "AdministratorsScreen"),
  },
  {
    path: "settings",
    icon: IconSettings,
    section: "operation",
    help: "settings",
    component: screen(() => import("../screens/settings/settings-screen.tsx"), "SettingsScreen"),
  },
  {
    path: "diagnostics",
    icon: IconStethoscope,
    section: "operation",
    help: "operations",
    component: screen(() => import("../screens/diagnostics/diagnostics-screen.tsx"), "DiagnosticsScreen"),
  },
];

/** Every screen with what it takes to show it. A path may go on behind its first part. */
export const SCREEN_TABLE: readonly Screen[] = SCREEN_NAMES.flatMap((name) =>
  PLACES.filter(({ path }) => path === name.path).map((place) => ({ ...place, ...name })),
);
