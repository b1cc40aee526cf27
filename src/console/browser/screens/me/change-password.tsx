import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useState } from "react";
import { call, Problem, session } from "../../api/call.ts";
import { PasswordField } from "../../parts/password-field.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The old password and the new one. Every session ends with the old one, this one too. */
export function ChangePassword() {
  const { t } = useTexts();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const change = async (form: FormData): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const [currentPassword, newPassword] = [String(form.get("currentPassword")), String(form.get("newPassword"))];
      await call("session.changePassword", { body: { currentPassword, newPassword } });
      notifications.show({ message: t("me.passwordChanged") });
      session.ended();
    } catch (refused) {
      setProblem(refused instanceof Problem ? refused : new Problem(0, { detail: String(refused) }));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void change(new FormData(event.currentTarget));
  };
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h3" mb="sm">
        {t("me.passwordHead")}
      </Title>
      <form onSubmit={submit}>
        <Stack>
          <Text c="dimmed">{t("me.passwordMeans")}</Text>
          <PasswordField
            name="currentPassword"
            label={t("me.currentPassword")}
            problem={problem}
            at="/currentPassword"
          />
          <PasswordField name="newPassword" label={t("me.newPassword")} isNew problem={problem} at="/newPassword" />
          {problem && <ProblemNotice problem={problem} />}
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t("me.changePassword")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
