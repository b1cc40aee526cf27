import {
  ActionIcon,
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Skeleton,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconHelp, IconMailForward, IconUserCircle } from "@tabler/icons-react";
import { Suspense, useEffect } from "react";
import { Link, Navigate, Route, Routes, useLocation } from "react-router";
import { call, session } from "../api/call.ts";
import { MeScreen } from "../screens/me/me-screen.tsx";
import { LANGUAGES, type Language, useTexts } from "../texts/texts.ts";
import { useLanguage } from "./languages.tsx";
import { Palette } from "./palette.tsx";
import { SCREEN_TABLE, type Screen } from "./screens.tsx";
import { useCapabilities, usePerson } from "./session.ts";
import { Shortcuts } from "./shortcuts.tsx";

const SECTIONS = [null, "people", "products", "sources", "operation"] as const;

/** Head, navigation and the screen that the address names. */
export function Frame() {
  const { t } = useTexts();
  const { pathname } = useLocation();
  const [opened, { toggle, close }] = useDisclosure();
  const capabilities = useCapabilities();
  const { session: own } = usePerson();
  const screens = SCREEN_TABLE.filter(({ needs }) => capabilities?.get(needs)?.anywhere ?? true);
  const current = SCREEN_TABLE.find(({ path }) => pathname.split("/")[1] === path);
  useEffect(() => {
    document.title = current ? `${t(current.title)} · Muster` : "Muster";
  }, [current, t]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a className="skip-link" href="#content">
        {t("shell.skip")}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group wrap="nowrap" gap="sm">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("shell.menu")} />
            <img src="/console/mark.svg" width={28} height={28} alt="" />
            <Text fw={600} size="lg" visibleFrom="xs">
              Muster
            </Text>
            <OrganizationName />
          </Group>
          <Group wrap="nowrap" gap="sm">
            <Palette screens={screens} />
            <Button
              component={Link}
              to="/invitations?invite=people"
              leftSection={<IconMailForward size={18} />}
              visibleFrom="sm"
            >
              {t("shell.invite")}
            </Button>
            {current && (
              <ActionIcon
                component="a"
                href={`/console/help/${current.help}.html`}
                target="_blank"
                rel="noopener"
                variant="subtle"
                size="lg"
                aria-label={t("shell.help")}
              >
                <IconHelp size={20} />
              </ActionIcon>
            )}
            <OwnMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t("shell.navigation")}>
        <ScrollArea type="hover">
          {SECTIONS.map((section) => (
            <Section key={section ?? "top"} section={section} screens={screens} onGo={close} />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {own.method === "break-glass" && (
          <Alert color="red" mb="md">
            {t("shell.breakGlass")}
          </Alert>
        )}
        <Suspense fallback={<Skeleton height={320} />}>
          <Routes>
            <Route path="/" element={<Navigate to="/overview" replace />} />
            <Route path="/sign-in" element={<Navigate to="/overview" replace />} />
            <Route path="/me" element={<MeScreen />} />
            {SCREEN_TABLE.map(({ path, component: Component }) => (
              <Route key={path} path={`/${path}/*`} element={<Component />} />
            ))}
            <Route path="*" element={<Title order={1}>{t("shell.notFound")}</Title>} />
          </Routes>
        </Suspense>
        <Shortcuts />
      </AppShell.Main>
    </AppShell>
  );
}

function OrganizationName() {
  const { me } = usePerson();
  return (
    <Text c="dimmed" truncate maw={240}>
      {me.organization.name}
    </Text>
  );
}

function Section({
  section,
  screens,
  onGo,
}: {
  section: Screen["section"];
  screens: readonly Screen[];
  onGo: () => void;
}) {
  const { t } = useTexts();
  const { pathname } = useLocation();
  const own = screens.filter((screen) => screen.section === section);
  if (own.length === 0) return null;
  return (
    <>
      {section && (
        <Text fw={600} c="dimmed" mt="sm" mb={4} px="sm">
          {t(`shell.${section}`)}
        </Text>
      )}
      {own.map(({ path, title, icon: Icon }) => (
        <NavLink
          key={path}
          component={Link}
          to={`/${path}`}
          onClick={onGo}
          label={t(title)}
          leftSection={<Icon size={18} stroke={1.6} />}
          active={pathname.split("/")[1] === path}
          {...(pathname.split("/")[1] === path && { "aria-current": "page" as const })}
        />
      ))}
    </>
  );
}

function OwnMenu() {
  const { t } = useTexts();
  const { me } = usePerson();
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={t("shell.me")}>
          <IconUserCircle size={22} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.user?.email ?? me.user?.userName ?? t("signIn.breakGlass")}</Menu.Label>
        <Menu.Item component={Link} to="/me">
          {t("shell.me")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("shell.colours")}</Menu.Label>
        {(["light", "dark", "auto"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme ? "✓" : null}
          >
            {t(`shell.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("shell.language")}</Menu.Label>
        {Object.entries(LANGUAGES).map(([key, name]) => (
          <Menu.Item
            key={key}
            lang={key}
            role="menuitemradio"
            aria-checked={language === key}
            onClick={() => choose(key as Language)}
            rightSection={language === key ? "✓" : null}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void call("session.end", {}).finally(() => session.ended())}>
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
