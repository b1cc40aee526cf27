import { Button, Group, Select, Stack, Switch, Text, Textarea, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import type { Settings } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import type { Trying } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { PreviewOfMail } from "../templates/preview-of-mail.tsx";
import { SeatTable } from "./seat-table.tsx";
import { SmtpNotice } from "./smtp-notice.tsx";
import { VerdictList } from "./verdict-list.tsx";

/** What the mail says and whether there is one; null: what the organization has. */
export type Letter = { notify: boolean; message: string | null; locale: Settings["locale"] | null };

type Props = {
  letter: Letter;
  onLetter: (letter: Letter) => void;
  found: Trying<"invitations.create">;
  sending: boolean;
  onBack: () => void;
  onSend: () => void;
};

/** What would come of it, and the mail; then it is sent. */
export function ReviewStep({ letter, onLetter, found: { trial, problem, busy }, sending, onBack, onSend }: Props) {
  const { t } = useTexts();
  const [shown, setShown] = useState(false);
  const [message] = useDebouncedValue(letter.message, 400);
  const mails = trial?.impact.mails.total ?? 0;
  return (
    <Stack>
      {problem && <ProblemNotice problem={problem} />}
      {trial && (
        <>
          <Title order={2}>{t("invite.places")}</Title>
          <SeatTable trial={trial} />
          <VerdictList
            addresses={trial.result.results.map(({ email, typed }) => email ?? typed)}
            results={trial.result.results}
          />
        </>
      )}
      <Title order={2}>{t("invite.mail")}</Title>
      <SmtpNotice />
      <Switch
        label={t("invite.notify")}
        description={t("invite.notifyMeans")}
        checked={letter.notify}
        onChange={(event) => onLetter({ ...letter, notify: event.currentTarget.checked })}
      />
      {letter.notify && (
        <>
          <Textarea
            label={t("invite.message")}
            description={t("invite.messageMeans")}
            maxLength={500}
            autosize
            minRows={2}
            value={letter.message ?? ""}
            onChange={(event) => onLetter({ ...letter, message: event.currentTarget.value })}
          />
          <Select
            label={t("invite.language")}
            placeholder={t("invite.ownLanguage")}
            data={[
              { value: "en", label: "English" },
              { value: "de", label: "Deutsch" },
            ]}
            value={letter.locale}
            onChange={(locale) => onLetter({ ...letter, locale: locale === "en" || locale === "de" ? locale : null })}
            clearable
            maw={400}
          />
          <Text aria-live="polite">{t("invite.mails", { n: mails })}</Text>
          <Group>
            <Button variant="default" onClick={() => setShown(!shown)} aria-expanded={shown}>
              {t("invite.preview")}
            </Button>
          </Group>
          {shown && (
            <PreviewOfMail
              kind="invitation"
              locale={letter.locale ?? "en"}
              parts={message === null ? {} : { message: message === "" ? null : message }}
            />
          )}
        </>
      )}
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          {t("shared.back")}
        </Button>
        <ActButton
          operation="invitations.create"
          onClick={onSend}
          loading={sending}
          disabled={trial === undefined || problem !== null || busy}
        >
          {letter.notify ? t("invite.send") : t("invite.sendSilently")}
        </ActButton>
      </Group>
    </Stack>
  );
}
