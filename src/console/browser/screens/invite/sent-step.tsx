import { Alert, Anchor, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { type Answer, call, Problem } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";
import { VerdictList } from "./verdict-list.tsx";

type Sent = Answer<"invitations.create">;

type Props = {
  sent: Sent;
  /** Invitations that were open already: they are not taken back with the others. */
  before: ReadonlySet<string>;
  notified: boolean;
  onMore: () => void;
  onDone: () => void;
};

/** What became of each, and what can still be done with all of them (U12). */
export function SentStep({ sent, before, notified, onMore, onDone }: Props) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const [links, setLinks] = useState<string>();
  const [undone, setUndone] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const opened = sent.results.flatMap(({ email, invitation }) => (invitation && email ? [{ email, invitation }] : []));
  const ours = opened.filter(({ invitation }) => !before.has(invitation));
  const working = (work: () => Promise<void>): void => {
    setBusy(true);
    setProblem(undefined);
    work()
      .catch((error: unknown) => setProblem(error instanceof Problem ? error : new Problem(0, {})))
      .finally(() => {
        setBusy(false);
        void queries.invalidateQueries();
      });
  };
  const copy = async (): Promise<void> => {
    const lines: string[] = [];
    for (const { email, invitation } of opened) {
      const { link } = await call("invitations.copyLink", { params: { id: invitation } });
      lines.push(`${email}\t${link}`);
    }
    setLinks(lines.join("\n"));
    await navigator.clipboard.writeText(lines.join("\n")).then(
      () => notifications.show({ message: t("shared.copied"), closeButtonProps: { "aria-label": t("shared.close") } }),
      // Without a clipboard the links stand in the field to be copied by hand.
      () => {},
    );
  };
  const undo = async (): Promise<void> => {
    for (const { invitation } of ours) await call("invitations.revoke", { params: { id: invitation } });
    setUndone(true);
  };
  return (
    <Stack>
      <Text fw={600} role="status">
        {undone ? t("invite.undone", { n: ours.length }) : t("invite.sent", { n: opened.length })}
      </Text>
      <VerdictList addresses={sent.results.map(({ email, typed }) => email ?? typed)} results={sent.results} />
      {problem && <ProblemNotice problem={problem} />}
      {!undone && (
        <Group>
          <ActButton
            operation="invitations.copyLink"
            variant="default"
            loading={busy}
            disabled={opened.length === 0}
            onClick={() => working(copy)}
          >
            {t("invite.copyLinks")}
          </ActButton>
          <ActButton
            operation="invitations.revoke"
            variant="default"
            loading={busy}
            disabled={ours.length === 0}
            onClick={() => working(undo)}
          >
            {t("invite.undo")}
          </ActButton>
        </Group>
      )}
      {notified && !undone && <Text c="dimmed">{t("invite.copyLinksMeans")}</Text>}
      {links !== undefined && <Textarea label={t("invite.links")} readOnly autosize maxRows={8} value={links} />}
      {sent.signUpOffer.map(({ domain, people }) => (
        <Alert key={domain} color="gray">
          {t("invite.signUpOffer", { domain, n: people })}{" "}
          <Anchor component={Link} to="/sign-up">
            {t("signUp.title")}
          </Anchor>
        </Alert>
      ))}
      <Group justify="space-between">
        <Button variant="default" onClick={onMore}>
          {t("invite.more")}
        </Button>
        <Button onClick={onDone}>{t("shared.done")}</Button>
      </Group>
    </Stack>
  );
}
