import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function GroupsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("groups.title")} />;
}
