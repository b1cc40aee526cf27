import { Button, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { FormEvent } from "react";
import { useChange } from "../../api/use-api.ts";
import { errorAt } from "../../parts/error-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The old password and the new one; every other session ends with the old one. */
export function ChangePassword() {
  const { t } = useTexts();
  const change = useChange("session.changePassword");
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const body = {
      currentPassword: String(given.get("currentPassword")),
      newPassword: String(given.get("newPassword")),
    };
    change.mutate(
      { body },
      {
        onSuccess: () => {
          form.reset();
          notifications.show({ message: t("me.passwordChanged") });
        },
      },
    );
  };
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h3" mb="sm">
        {t("me.passwordHead")}
      </Title>
      <form onSubmit={submit}>
        <Stack>
          <Text c="dimmed">{t("me.passwordMeans")}</Text>
          <PasswordInput
            name="currentPassword"
            label={t("me.currentPassword")}
            autoComplete="current-password"
            required
            error={errorAt(change.error, "currentPassword")}
          />
          <PasswordInput
            name="newPassword"
            label={t("me.newPassword")}
            autoComplete="new-password"
            required
            error={errorAt(change.error, "newPassword")}
          />
          {change.error && <ProblemNotice problem={change.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={change.isPending}>
              {t("me.changePassword")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
