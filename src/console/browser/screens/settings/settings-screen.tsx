import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function SettingsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("settings.title")} />;
}
