import { Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import type { User } from "../../api/operations.gen.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

const NAMES = ["displayName", "givenName", "familyName"] as const;

/** A person's names, in the record that is canonical. What is left empty stays as it is. */
export function EditPerson({ user, close }: { user: User; close: () => void }) {
  const { t } = useTexts();
  const update = useChange("users.update");
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = NAMES.map((name) => [name, String(form.get(name) ?? "").trim()] as const);
    const body = Object.fromEntries(given.filter(([name, text]) => text !== "" && !isKept(user, name, text)));
    if (Object.keys(body).length === 0) close();
    else update.mutate({ params: { id: user.id }, body }, { onSuccess: close });
  };
  return (
    <Drawer opened onClose={close} title={t("user.edit")} closeButtonProps={{ "aria-label": t("shared.close") }}>
      <form onSubmit={submit}>
        <Stack>
          <Text>{t("user.editMeans")}</Text>
          {NAMES.map((name) => (
            <TextInput
              key={name}
              name={name}
              label={t(`user.${name}`)}
              defaultValue={name === "displayName" ? (user.displayName ?? "") : ""}
              autoComplete="off"
              maxLength={256}
              error={faultAt(update.error, `/${name}`)}
            />
          ))}
          {update.error && <ProblemNotice problem={update.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("shared.cancel")}
            </Button>
            <ActButton operation="users.update" type="submit" loading={update.isPending}>
              {t("shared.save")}
            </ActButton>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

function isKept(user: User, name: (typeof NAMES)[number], text: string): boolean {
  return name === "displayName" && text === user.displayName;
}
