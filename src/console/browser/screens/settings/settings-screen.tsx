import { Skeleton, Tabs } from "@mantine/core";
import { urlOf } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { CopyAs } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { EverySetting } from "./every-setting.tsx";
import { Extensions } from "./extensions.tsx";
import { Presets } from "./presets.tsx";
import { SingleSignOn } from "./single-sign-on.tsx";

const TABS = ["every", "presets", "extensions", "sso"] as const;

/** How the organization works. */
export function SettingsScreen() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const found = useApi("settings.get", {});
  const tab = TABS.find((one) => one === get("tab")) ?? "every";
  return (
    <>
      <ScreenHead title={t("settings.title")}>
        <CopyAs url={urlOf("settings.get", {})} command="muster org show" />
      </ScreenHead>
      {found.error ? (
        <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />
      ) : found.data === undefined ? (
        <Skeleton height={320} />
      ) : (
        <Tabs value={tab} onChange={(value) => set({ tab: value, preset: null })} keepMounted={false}>
          <Tabs.List mb="md">
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`settings.tab-${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="every">
            <EverySetting settings={found.data} />
          </Tabs.Panel>
          <Tabs.Panel value="presets">
            <Presets />
          </Tabs.Panel>
          <Tabs.Panel value="extensions">
            <Extensions />
          </Tabs.Panel>
          <Tabs.Panel value="sso">
            <SingleSignOn />
          </Tabs.Panel>
        </Tabs>
      )}
    </>
  );
}
