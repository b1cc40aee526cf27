import { ActionIcon } from "@mantine/core";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "react-router";
import { useTexts } from "../texts/texts.ts";
import type { Screen } from "./screens.tsx";

/** Ctrl or Cmd and K: every screen, and inviting, by the first letters. */
export function Palette({ screens }: { screens: readonly Screen[] }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const actions = [
    ...screens.map(({ path, title, icon: Icon }) => ({
      id: path,
      label: t(title),
      leftSection: <Icon size={18} />,
      onClick: () => void navigate(`/${path}`),
    })),
    { id: "invite", label: t("shell.invite"), onClick: () => void navigate("/invitations?invite=people") },
  ];
  return (
    <>
      <ActionIcon
        variant="subtle"
        size="lg"
        aria-label={t("shell.search")}
        aria-keyshortcuts="Control+K"
        onClick={() => spotlight.open()}
      >
        <IconSearch size={20} />
      </ActionIcon>
      <Spotlight
        actions={actions}
        nothingFound={t("shell.nothingFound")}
        shortcut={["mod + K"]}
        searchProps={{ placeholder: t("shell.search"), "aria-label": t("shell.search") }}
      />
    </>
  );
}
