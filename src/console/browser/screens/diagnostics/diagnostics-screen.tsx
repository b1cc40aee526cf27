import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function DiagnosticsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("diagnostics.title")} />;
}
