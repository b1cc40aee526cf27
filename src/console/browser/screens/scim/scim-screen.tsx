import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function ScimScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("scim.title")} />;
}
