import { Button, Checkbox, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { Problem } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Adds one person, without a mail unless it is asked for (`?add=person`). */
export function AddPerson() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const navigate = useNavigate();
  const create = useChange("users.create");
  const [notify, setNotify] = useState(false);
  const close = (): void => {
    create.reset();
    set({ add: null });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const displayName = String(form.get("displayName") ?? "").trim();
    const email = String(form.get("email") ?? "").trim();
    create.mutate(
      { body: { email, notify, ...(displayName !== "" && { displayName }) } },
      { onSuccess: (user) => void navigate(`/users/${user.id}`) },
    );
  };
  return (
    <Drawer
      opened={get("add") === "person"}
      onClose={close}
      title={t("users.addPerson")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text>{t("users.addMeans")}</Text>
          <TextInput
            name="email"
            type="email"
            label={t("users.email")}
            autoComplete="off"
            required
            data-autofocus
            error={faultAt(create.error, "/email")}
          />
          <TextInput
            name="displayName"
            label={t("users.displayName")}
            autoComplete="off"
            error={faultAt(create.error, "/displayName")}
          />
          <Checkbox
            label={t("users.tellUserName")}
            checked={notify}
            onChange={(event) => setNotify(event.currentTarget.checked)}
          />
          {create.error instanceof Problem && <ProblemNotice problem={create.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("shared.cancel")}
            </Button>
            <ActButton operation="users.create" type="submit" loading={create.isPending}>
              {t("shared.add")}
            </ActButton>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
