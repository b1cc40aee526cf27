import { Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";

/** A group of the organization's own. */
export function NewGroup({
  opened,
  onClose,
  onMade,
}: {
  opened: boolean;
  onClose: () => void;
  onMade: (id: string) => void;
}) {
  const { t } = useTexts();
  const [name, setName] = useState("");
  const making = useChange("groups.create");
  const make = (): void =>
    making.mutate(
      { body: { name } },
      {
        onSuccess: ({ id }) => {
          setName("");
          onMade(id);
        },
      },
    );
  return (
    <Side opened={opened} onClose={onClose} title={t("groups.add")}>
      <TextInput
        label={t("groups.name")}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {making.error && <ProblemNotice problem={making.error} />}
      <Group>
        <ActButton operation="groups.create" loading={making.isPending} onClick={make}>
          {t("shared.create")}
        </ActButton>
      </Group>
    </Side>
  );
}
