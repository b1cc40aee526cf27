import { ScreenHead } from "../../parts/screen-head.tsx";
import { useTexts } from "../../texts/texts.ts";

export function ProductsScreen() {
  const { t } = useTexts();
  return <ScreenHead title={t("products.title")} />;
}
