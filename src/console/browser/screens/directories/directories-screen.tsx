import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function DirectoriesScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("directories.title")} />;
}
