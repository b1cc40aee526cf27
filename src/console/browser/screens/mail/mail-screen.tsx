import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function MailScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("mail.title")} />;
}
