import { Tabs } from "@mantine/core";
import { useAddressState } from "../../parts/address-state.ts";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Rights } from "./rights.tsx";
import { Tokens } from "./tokens.tsx";

/** Who administers what, and what programs may. */
export function AdministratorsScreen() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  return (
    <>
      <ScreenHead title={t("administrators.title")} />
      <Tabs
        value={get("tab") === "tokens" ? "tokens" : "rights"}
        onChange={(tab) => set({ tab: tab === "rights" ? null : tab, cursor: null, open: null })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="rights">{t("administrators.rights")}</Tabs.Tab>
          <Tabs.Tab value="tokens">{t("administrators.tokens")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rights">
          <Rights />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
