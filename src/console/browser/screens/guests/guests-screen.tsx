import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function GuestsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("guests.title")} />;
}
