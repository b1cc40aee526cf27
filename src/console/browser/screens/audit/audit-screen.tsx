import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function AuditScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("audit.title")} />;
}
