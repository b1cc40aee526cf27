import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function SetupScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("signIn.title")} />;
}
