import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function SignUpScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("signUp.title")} />;
}
