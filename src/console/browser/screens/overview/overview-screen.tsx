import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function OverviewScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("overview.title")} />;
}
