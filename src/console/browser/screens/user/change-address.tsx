import { Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { User } from "../../api/operations.gen.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Asks the new mailbox whether it is theirs; nothing changes before it says so. */
export function ChangeAddress({ user, close }: { user: User; close: () => void }) {
  const { t } = useTexts();
  const [email, setEmail] = useState("");
  const change = useChange("users.changeAddress");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate({ params: { id: user.id }, body: { email: email.trim() } }, { onSuccess: close });
  };
  return (
    <Drawer
      opened
      onClose={close}
      title={t("user.changeAddress")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text>{t("user.changeAddressMeans", { before: user.email ?? "–" })}</Text>
          <TextInput
            type="email"
            label={t("user.newAddress")}
            autoComplete="off"
            required
            data-autofocus
            value={email}
            error={faultAt(change.error, "/email")}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          {change.error && <ProblemNotice problem={change.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("shared.cancel")}
            </Button>
            <ActButton operation="users.changeAddress" type="submit" loading={change.isPending}>
              {t("user.sendQuestion")}
            </ActButton>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
