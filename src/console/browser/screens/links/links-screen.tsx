import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function LinksScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("links.title")} />;
}
