import { Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Answer, Row } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ImpactView } from "../../parts/impact-view.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-preview.ts";
import { useTexts } from "../../texts/texts.ts";

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
              void act("directories.switch", asked, t("directories.switched", { from, to })).then(preview.clear)
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

function Switched({ result }: { result: Answer<"directories.switch"> }) {
  const { t } = useTexts();
  const { switched, unmatched, conflicts } = result;
  return (
    <>
      <Text role="status">
        {t("directories.switchCounts", {
          switched: switched.length,
          unmatched: unmatched.length,
          conflicts: conflicts.length,
        })}
      </Text>
      {conflicts.length > 0 && (
        <PlainTable
          caption={t("directories.conflicts")}
          heads={[t("directories.recordFrom"), t("directories.recordTo"), t("shared.reason")]}
        >
          {conflicts.map((one) => (
            <tr key={`${one.reason} ${one.from.join()} ${one.to.join()}`}>
              <td>{one.from.join(", ")}</td>
              <td>{one.to.join(", ")}</td>
              <td>{one.detail}</td>
            </tr>
          ))}
        </PlainTable>
      )}
      {unmatched.length > 0 && (
        <Text c="dimmed">
          {t("directories.unmatched")}: {unmatched.map(({ userName }) => userName).join(", ")}
        </Text>
      )}
    </>
  );
}
