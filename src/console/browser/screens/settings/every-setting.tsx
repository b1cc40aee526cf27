import { Text, TextInput } from "@mantine/core";
import type { Answer } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";
import { settingsOf, shown } from "./paths.ts";
import { SettingValue } from "./setting-value.tsx";

/** Every setting: what it decides, what it is now, and which presets have it so. */
export function EverySetting({ settings }: { settings: Answer<"settings.get"> }) {
  const { t, word } = useTexts();
  const { get, set } = useAddressState();
  const presets = useApi("presets.list", {});
  const sought = get("q").toLowerCase();
  const ways = (presets.data?.data ?? []).map(({ name, settings: own }) => ({ name, of: settingsOf(own) }));
  const rows = settingsOf(settings).filter(
    ({ path }) => path.toLowerCase().includes(sought) || word("settings", path).toLowerCase().includes(sought),
  );
  return (
    <>
      <TextInput
        data-search
        mb="md"
        maw={360}
        aria-label={t("shared.search")}
        placeholder={t("shared.search")}
        value={get("q")}
        onChange={(event) => set({ q: event.currentTarget.value }, true)}
      />
      <PlainTable
        caption={t("settings.tab-every")}
        heads={[t("settings.setting"), t("settings.now"), t("settings.asIn")]}
      >
        {rows.map(({ path, value }) => {
          const same = ways.filter(({ of }) =>
            of.some((one) => one.path === path && shown(one.value) === shown(value)),
          );
          const isOfPresets = ways.some(({ of }) => of.some((one) => one.path === path));
          return (
            <tr key={path}>
              <td>
                <Text fw={500}>{word("settings", path)}</Text>
                <Text c="dimmed" ff="monospace">
                  {path}
                </Text>
              </td>
              <td>
                <SettingValue key={shown(value)} path={path} value={value} />
              </td>
              <td>
                {same.length > 0
                  ? same.map(({ name }) => name).join(", ")
                  : t(isOfPresets ? "settings.noPreset" : "settings.ofNone")}
              </td>
            </tr>
          );
        })}
      </PlainTable>
    </>
  );
}
