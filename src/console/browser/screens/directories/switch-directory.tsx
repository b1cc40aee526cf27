import { Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ImpactView } from "../../parts/impact-view.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { Switched } from "./switched.tsx";

/** Moves people to another directory with everything that they have. Who is moved and who is not is looked at first. */
export function SwitchDirectory({ from, others }: { from: string; others: readonly Row<"directories.list">[] }) {
  const { t } = useTexts();
  const act = useAct();
  const preview = usePreview("directories.switch");
  const [to, setTo] = useState("");
  const [match, setMatch] = useState("email");
  const [groups, setGroups] = useState<"none" | "by-name">("none");
  const asked = { params: { directory: from }, body: { to, match, groups } };
  const choices = others.filter(({ name, kind }) => name !== from && kind !== "internal").map(({ name }) => name);
  const change = <Value,>(set: (value: Value) => void, value: Value): void => {
    set(value);
    preview.clear();
  };
  return (
    <Stack gap="md">
      <Text c="dimmed">{t("directories.switchHow")}</Text>
      <Select
        label={t("directories.switchTo")}
        data={choices}
        value={to === "" ? null : to}
        nothingFoundMessage={t("shared.none")}
        onChange={(value) => change(setTo, value ?? "")}
      />
      <TextInput
        label={t("directories.match")}
        description={t("directories.matchHow")}
        value={match}
        onChange={(event) => change(setMatch, event.currentTarget.value)}
      />
      <Select
        label={t("directories.grantsFollow")}
        data={[
          { value: "none", label: t("directories.grantsNone") },
          { value: "by-name", label: t("directories.grantsByName") },
        ]}
        value={groups}
        allowDeselect={false}
        onChange={(value) => change(setGroups, value === "by-name" ? "by-name" : "none")}
      />
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {preview.trial && (
        <>
          <Switched result={preview.trial.result} />
          <ImpactView impact={preview.trial.impact} />
        </>
      )}
      <Group gap="sm">
        {preview.trial ? (
          <ActButton
            operation="directories.switch"
            color="red"
            onClick={() =>
              // The way back is the same switch the other way; whatever was copied to groups stays with them.
              void act("directories.switch", asked, t("directories.switched", { from, to }), () =>
                call("directories.switch", { params: { directory: to }, body: { to: from, match, groups: "none" } }),
              ).then((done) => done && preview.clear())
            }
          >
            {t("directories.switch")}
          </ActButton>
        ) : (
          <ActButton
            operation="directories.switch"
            loading={preview.busy}
            disabled={to === ""}
            onClick={() => void preview.look(asked)}
          >
            {t("shared.preview")}
          </ActButton>
        )}
      </Group>
    </Stack>
  );
}
