import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Mail = Row<"mails.list">;

/** What became of a mail. */
export function MailChip({ state }: Pick<Mail, "state">) {
  const { t } = useTexts();
  return <Chip meaning={MEANINGS.mail[state]} label={t(`mail.${state}`)} means={t(`mail.${state}Means`)} />;
}
