import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function RequestsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("requests.title")} />;
}
