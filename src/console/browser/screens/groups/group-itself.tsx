import { Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ImpactView } from "../../parts/impact-view.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

/** A group's name, and its end: who would lose what is shown before it is taken away. */
export function GroupItself({ group, onGone }: { group: Row<"groups.list">; onGone: () => void }) {
  const { t } = useTexts();
  const act = useAct();
  const preview = usePreview("groups.delete");
  const [name, setName] = useState(group.name);
  const params = { id: group.id };
  const remove = async (): Promise<void> => {
    if ((await act("groups.delete", { params }, t("groups.deleted", { name: group.name }))) !== undefined) onGone();
  };
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="sm">
        <TextInput label={t("groups.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <ActButton
          operation="groups.update"
          disabled={name === group.name || name === ""}
          onClick={() =>
            void act("groups.update", { params, body: { name } }, t("groups.renamed"), () =>
              call("groups.update", { params, body: { name: group.name } }),
            )
          }
        >
          {t("groups.rename")}
        </ActButton>
      </Group>
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {preview.trial && <ImpactView impact={preview.trial.impact} />}
      <Group>
        {preview.trial ? (
          <ActButton operation="groups.delete" color="red" onClick={() => void remove()}>
            {t("groups.delete")}
          </ActButton>
        ) : (
          <ActButton
            operation="groups.delete"
            variant="default"
            loading={preview.busy}
            onClick={() => void preview.look({ params })}
          >
            {t("groups.deletePreview")}
          </ActButton>
        )}
      </Group>
    </Stack>
  );
}
