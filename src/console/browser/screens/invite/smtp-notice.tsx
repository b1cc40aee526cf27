import { Alert } from "@mantine/core";
import { IconMailOff } from "@tabler/icons-react";
import { useApi } from "../../api/use-api.ts";
import { useWhyNot } from "../../parts/act-button.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Whether mails leave this Muster; undefined: not known, or not for this person to know. */
function useSmtp(): boolean | undefined {
  const allowed = useWhyNot("diagnostics.get") === null;
  const mail = useApi("diagnostics.get", {}, { enabled: allowed }).data?.configuration.mail;
  return typeof mail === "object" && mail !== null && "smtp" in mail ? mail.smtp === true : undefined;
}

/** No mail server is set up: what happens to mails, and what to do meanwhile (U13). */
export function SmtpNotice() {
  const { t } = useTexts();
  if (useSmtp() !== false) return null;
  return (
    <Alert color="gray" icon={<IconMailOff size={20} />} title={t("mail.noSmtp")}>
      {t("mail.noSmtpMeans")}
    </Alert>
  );
}
