import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function WebhooksScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("webhooks.title")} />;
}
