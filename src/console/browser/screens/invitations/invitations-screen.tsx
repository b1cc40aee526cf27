import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function InvitationsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("invitations.title")} />;
}
