import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function MeScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("me.title")} />;
}
