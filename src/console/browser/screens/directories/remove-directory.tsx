import { Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { ConsequencesView } from "./consequences-view.tsx";

/** Takes a directory away for good: what goes with it is shown before its name may be typed. */
export function RemoveDirectory({ name, onGone }: { name: string; onGone: () => void }) {
  const { t } = useTexts();
  const act = useAct();
  const preview = usePreview("directories.remove");
  const [typed, setTyped] = useState("");
  const asked = { params: { directory: name }, body: { confirm: name } };
  const remove = async (): Promise<void> => {
    if (await act("directories.remove", asked, t("directories.removed", { name }))) onGone();
  };
  const { trial } = preview;
  return (
    <Stack gap="md">
      <Text c="dimmed">{t("directories.removeHow")}</Text>
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {trial ? (
        <>
          <Text fw={600}>
            {t("directories.goes", {
              users: trial.result.users,
              groups: trial.result.groups,
              grants: trial.result.grants.total,
            })}
          </Text>
          <ConsequencesView consequences={trial.result.consequences} />
          <TextInput
            label={t("shared.confirmName", { name })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Group>
            <ActButton
              operation="directories.remove"
              color="red"
              disabled={typed !== name}
              onClick={() => void remove()}
            >
              {t("directories.remove")}
            </ActButton>
          </Group>
        </>
      ) : (
        <Group>
          <ActButton operation="directories.remove" loading={preview.busy} onClick={() => void preview.look(asked)}>
            {t("directories.removePreview")}
          </ActButton>
        </Group>
      )}
    </Stack>
  );
}
