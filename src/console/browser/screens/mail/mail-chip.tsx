import type { Row } from "../../api/call.ts";
import { Chip, type Meaning } from "../../parts/chip.tsx";
import { useTexts } from "../../texts/texts.ts";

type Mail = Row<"mails.list">;

const OF_STATE: Readonly<Record<Mail["state"], Meaning>> = {
  queued: "waiting",
  sending: "waiting",
  deferred: "attention",
  sent: "good",
  bounced: "bad",
  failed: "bad",
  suppressed: "bad",
  cancelled: "neutral",
};

export const MAIL_STATES = Object.keys(OF_STATE);

/** What became of a mail. */
export function MailChip({ state }: Pick<Mail, "state">) {
  const { t } = useTexts();
  return <Chip meaning={OF_STATE[state]} label={t(`mail.${state}`)} means={t(`mail.${state}Means`)} />;
}
