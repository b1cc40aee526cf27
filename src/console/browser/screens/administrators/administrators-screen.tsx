import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function AdministratorsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("administrators.title")} />;
}
