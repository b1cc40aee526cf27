import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { type Answer, call } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton, useWhyNot } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { OneDrawer } from "../../parts/one-drawer.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Facts } from "../invite/facts.tsx";
import { PreviewOfMail } from "../templates/preview-of-mail.tsx";
import { MailChip } from "./mail-chip.tsx";

/** One mail: what the mail server said, what such a mail says, and what can still be done. */
export function MailDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTexts();
  const found = useApi("mails.get", { params: { id } }, { enabled: id !== "" });
  return (
    <OneDrawer id={id} found={found} title={t("mail.title")} titleOf={(one) => one.recipient} onClose={onClose}>
      {(mail) => <Shown key={mail.id} mail={mail} />}
    </OneDrawer>
  );
}

function Shown({ mail }: { mail: Answer<"mails.get"> }) {
  const { t, word, language } = useTexts();
  const act = useAct();
  const params = { id: mail.id };
  const mayPreview = useWhyNot("mailTexts.preview") === null;
  const waits = ["queued", "deferred"].includes(mail.state);
  const retries = ["deferred", "failed", "cancelled"].includes(mail.state);
  return (
    <Stack>
      <Group>
        <MailChip state={mail.state} />
      </Group>
      <Facts
        rows={[
          [t("mail.kind"), word("templates", mail.kind)],
          [t("mail.attempts"), mail.attempts],
          [t("mail.reply"), mail.lastReply ?? "–"],
          [t("mail.created"), <Instant key="created" at={mail.createdAt} />],
          [t("mail.nextTry"), <Instant key="next" at={mail.nextAttemptAt} none="–" />],
          [t("mail.sentAt"), <Instant key="sent" at={mail.sentAt} none="–" />],
          ...(mail.invitation === null
            ? []
            : [
                [
                  t("mail.invitation"),
                  <Anchor component={Link} key="invitation" to={`/invitations?open=${mail.invitation}`}>
                    {t("mail.show")}
                  </Anchor>,
                ] as const,
              ]),
        ]}
      />
      <Group>
        {retries && (
          <ActButton operation="mails.retry" onClick={() => void act("mails.retry", { params }, t("mail.retried"))}>
            {t("mail.retry")}
          </ActButton>
        )}
        {waits && (
          <ActButton
            operation="mails.cancel"
            variant="default"
            onClick={() =>
              void act("mails.cancel", { params }, t("mail.cancelledNow"), () => call("mails.retry", { params }))
            }
          >
            {t("mail.cancel")}
          </ActButton>
        )}
      </Group>
      {mayPreview && (
        <>
          <Title order={2}>{t("mail.text")}</Title>
          <Text c="dimmed">{t("mail.textMeans")}</Text>
          <PreviewOfMail kind={mail.kind} locale={language} parts={{}} />
        </>
      )}
    </Stack>
  );
}
