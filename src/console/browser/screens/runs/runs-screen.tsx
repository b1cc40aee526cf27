import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function RunsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("runs.title")} />;
}
