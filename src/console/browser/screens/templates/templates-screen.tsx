import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function TemplatesScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("templates.title")} />;
}
