import { Tabs } from "@mantine/core";
import type { Row } from "../../api/call.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";
import { DirectoryOverview } from "./directory-overview.tsx";
import { DirectorySettings } from "./directory-settings.tsx";
import { DirectoryTokens } from "./directory-tokens.tsx";
import { Removals } from "./removals.tsx";
import { RemoveDirectory } from "./remove-directory.tsx";
import { SwitchDirectory } from "./switch-directory.tsx";

type Directory = Row<"directories.list">;

/** One directory: how it stands, what may be changed of it, and the ways out. */
export function DirectoryDrawer({
  directory,
  others,
}: {
  directory: Directory | undefined;
  others: readonly Directory[];
}) {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  if (directory === undefined) return null;
  const close = (): void => set({ open: null, tab: null });
  const { kind } = directory;
  const tabs = [
    "overview",
    "settings",
    ...(kind === "scim" ? (["tokens", "removals"] as const) : []),
    ...(kind === "internal" ? [] : (["switch", "remove"] as const)),
  ] as const;
  const tab = tabs.find((one) => one === get("tab")) ?? "overview";
  return (
    <Side opened onClose={close} title={directory.name}>
      <Tabs value={tab} onChange={(value) => set({ tab: value === "overview" ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`directories.tab-${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <DirectoryOverview directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <DirectorySettings key={directory.id} directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <DirectoryTokens directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="removals">
          <Removals name={directory.name} />
        </Tabs.Panel>
        <Tabs.Panel value="switch">
          <SwitchDirectory from={directory.name} others={others} />
        </Tabs.Panel>
        <Tabs.Panel value="remove">
          <RemoveDirectory name={directory.name} onGone={close} />
        </Tabs.Panel>
      </Tabs>
    </Side>
  );
}
