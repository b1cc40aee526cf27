import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Request = Row<"requests.list">;

/** Where a request stands. */
export function RequestChip({ request: { state, snoozedUntil, blocks } }: { request: Request }) {
  const { t } = useTexts();
  if (state === "open" && snoozedUntil !== null) return <Chip meaning="neutral" label={t("requests.snoozed")} />;
  if (blocks) return <Chip meaning="bad" label={t("requests.blocked")} means={t("requests.blockedMeans")} />;
  return <Chip meaning={MEANINGS.request[state]} label={t(`requests.${state}`)} />;
}

/** What is asked for. */
export function Wants({ request: { product, role } }: { request: Request }) {
  const { t, word } = useTexts();
  if (product === null) return <>{t("requests.anything")}</>;
  return <>{role === null ? product.key : `${product.key}: ${word("status", role)}`}</>;
}
